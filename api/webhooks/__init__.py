"""Changes of the list, signed and sent to those who subscribed (Article 52(6)): docs/webhooks.md."""
