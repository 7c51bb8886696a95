"""An operator's own language model: it may reread a message and reword a reply, and can say no number and no claim."""
