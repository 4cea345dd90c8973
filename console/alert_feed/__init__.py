"""What alert rules say: evaluated here over what is scraped, or read from the server that evaluates them."""
