"""The product: words, requests, settings and chats. The only place with clocks, tokens and platforms."""
