feldsher-profile 1
# Any device that speaks MTP or PTP. A phone does, too: it is taken in only
# where the operator has said that it is a camera.
name: generic-mtp
title: Camera that speaks MTP or PTP
speaks: mtp
automatic: no
files: **
# MTP 1.1, 5.1.1: without a zone in its text the date and time are local.
clock: ptp local
erase: mtp
