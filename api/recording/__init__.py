"""What every interface shares that records: addresses of events, commands carried out once, and how a case stands after them."""
