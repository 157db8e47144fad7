# The same for files of 4 GiB alone: a longer run.
#@ modules: fs card
LONG=only
. tests/usb/images.sh
