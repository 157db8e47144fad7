feldsher-profile 1
# Any camera or card reader that is a USB disk. A stick or a phone may be one,
# too: it is taken in only where the operator has said that it is a camera.
name: generic-storage
title: Camera or card that is a USB disk
speaks: storage
automatic: no
files: **
clock: none
erase: none
