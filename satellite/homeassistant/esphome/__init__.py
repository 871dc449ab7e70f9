"""The satellite as an ESPHome device: the newer protocol by which Home Assistant drives it.

door        which protocol this satellite shows
server      the port, and its announcement on the LAN
session     one client: its questions, commands and states
voice       voice runs, as the driver's events (`satellite.homeassistant.driver`)
sounds      announcements and other sounds by URL, one after the other
wav_stream  one of them while it arrives
device      the description of the device
entities    its switch, its media player and its readings
hardware    lamps and buttons of this machine
update_entity  newer versions of this program
setting_entities  settings that Home Assistant changes while the satellite runs
external_words  wake words that Home Assistant has as files
wake_words  the wake words that are chosen in Home Assistant
identity    its stored address and key
frames      plain and encrypted frames
noise       the handshake and the ciphers of the latter
messages    the definitions of the messages, from the extra `esphome`
"""
