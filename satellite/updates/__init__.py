"""Newer versions of this program: looking for them, and installing them where pip can.

installation  how this program was installed, and whether it can replace itself
pip           what is asked of pip
updater       the daily look, and an installation that can be taken back
"""
