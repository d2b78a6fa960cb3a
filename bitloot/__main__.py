"""`python -m bitloot`: the same as the `bitloot` command."""

from bitloot.cli import main

if __name__ == "__main__":
    main()
