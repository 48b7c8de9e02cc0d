"""The tests of xtune."""
