"""The provider `http`: e-mail handed over by HTTP, one POST a message, to a gateway of any kind."""
