"""The satellite as Home Assistant sees it: a Wyoming satellite that it connects to and may drive.

port          the port, and its announcement on the LAN
peer          serves peers, answers `describe`, and decides which of them drives
link          the peer that drives: events in both directions, and its loss
current_link  the connection by which it drives at the moment
pipeline_run  the state of one run of its pipeline, from its events
driven_turn   a turn that it takes instead of the satellite
remote_wake   the microphone's sound on its way to its wake service
home_timers   its timers, stored and rung here
pings         the pings of both directions
satellite_info  the description of this satellite

Its sound on the way to the speaker is `satellite.net.incoming_speech`.
"""
