"""Numbers: pure functions of frozen inputs. No chat, no drawing, no clock; sockets only in `engine.sources`."""
