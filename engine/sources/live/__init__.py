"""The `live` source: perpetuals of several venues, read over their public REST interfaces."""
