"""The command `mailgenius`, also as `python -m mailgenius`."""

from mailgenius.cli.app import main

if __name__ == "__main__":
    main()
