"""The satellite as Home Assistant sees it: a Wyoming satellite that it connects to and may drive.

peer          listens for peers, answers `describe`, and knows which of them drives
link          the one that drives: events in both directions, and whether it is still there
pipeline_run  one run of its pipeline, as its events tell it
turn          a turn that it takes in the satellite's place
remote_wake   the microphone's sound on its way to its wake service
timers        its timers, kept and rung here
info          what is said of this satellite

Its sound on the way to the speaker is `satellite.net.incoming_speech`.
"""
