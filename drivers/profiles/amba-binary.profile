feldsher-profile 1
# Recorders on Ambarella chips that are spoken to in packets of 16 bytes.
#
# Known from public programs: the ids, the form of a packet and of its text, the
# form and zone (UTC) of the clock, the length of the secret, the ids under
# which it comes back as a disk.
# Assumed, and not tried on a real camera: the four bytes of every command, and
# the words that it answers. The bytes below were chosen far from small numbers,
# so that a real recorder takes them for none of its own commands: until they
# are replaced by those of the maker's papers it does not answer, and is then
# not taken for one of these.
name: amba-binary
title: Recorder on an Ambarella chip, binary dialect
speaks: binary

# Other makers use these ids, too: they only say whom to ask. The answer proves it.
usb: 4255:0001
proof: answer
automatic: yes

command hello: 7E 7E 00 01
command device: 7E 7E 00 02
command battery: 7E 7E 00 03
command clock: 7E 7E 00 04
command set-clock: 7E 7E 00 05
command unlock: 7E 7E 00 06
command disk: 7E 7E 00 07
says ok: OK
says refused: ERROR
says locked: LOCKED
says low: LOWBAT
clock: dialect utc
# Bytes of the secret that unlocks it: feldsher cameras secret amba-binary
lock: 6
# Below so many per cent it is not asked for its disk.
battery: 10

becomes: 4255:1000

files: DCIM/**/*.MP4
files: DCIM/**/*.MOV
files: DCIM/**/*.AVI
files: DCIM/**/*.WAV
files: DCIM/**/*.JPG
sidecars: nmea gpx srt log json thm
names: {device}_{officer}_{YYYY}{MM}{DD}{hh}{mm}{ss}_*
names: {device}_{officer}_{YYYY}{MM}{DD}{hh}{mm}{ss}
names: {device}_{YYYY}{MM}{DD}{hh}{mm}{ss}_*
names zone: utc
erase: none
