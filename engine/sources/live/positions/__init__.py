"""Real positions at Hyperliquid, where everybody's are public: known wallets are swept one after the other."""
