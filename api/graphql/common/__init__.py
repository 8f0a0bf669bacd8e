"""What both schemas share and neither shows: limits, documents, execution, the protocol over HTTP. It knows no case and no entry."""
