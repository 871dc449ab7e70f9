"""Language models of GPT4All, run by its package inside this process."""
