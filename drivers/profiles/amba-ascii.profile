feldsher-profile 1
# Recorders on Ambarella chips that are spoken to in lines of text.
#
# Known from a public program that uses such recorders: the ids, the questions,
# that the answer to hello holds "OK", that the device id is the third field of
# its answer, that a refusal holds "ERROR", that the clock is set in local time,
# that the disk's label equals the device id.
# Assumed, and not tried on a real camera: the words LOCKED and LOWBAT.
name: amba-ascii
title: Recorder on an Ambarella chip, ASCII dialect
speaks: ascii

# Other makers use these ids, too: they only say whom to ask. The answer proves it.
usb: 4255:0001
proof: answer
automatic: yes

command hello: @Ver;8;00000000;#
command device: @Gdv;8;12345678;#
command set-clock: @Sdt;8;{YYYY}{MM}{DD};#
command set-clock: @Stm;6;{hh}{mm}{ss}00;#
command disk: @ATH;8;12345678;#
says ok: OK
says refused: ERROR
says locked: LOCKED
says low: LOWBAT
clock: dialect local

# Under which ids it comes back as a disk is not known: any disk at its port
# whose label is the device id.
label: device

files: DCIM/**/*.MP4
files: DCIM/**/*.MOV
files: DCIM/**/*.AVI
files: DCIM/**/*.WAV
files: DCIM/**/*.JPG
sidecars: nmea gpx srt log json thm
# A form that such recorders are often set to; where a name is of another form,
# nothing is read out of it.
names: {device}_{officer}_{YYYY}{MM}{DD}{hh}{mm}{ss}_*
names: {device}_{officer}_{YYYY}{MM}{DD}{hh}{mm}{ss}
names: {device}_{YYYY}{MM}{DD}{hh}{mm}{ss}_*
names zone: local
erase: none
