"""A zoo of files as people, broken connections and ill will send them; each is made here."""
