#include "drivers/probe/inside/manual.h"

#include <stdio.h>

static const char about[] =
    "Says what is in one file of a camera: container, codecs, duration, times, positions, and a small picture. "
    "feldsher-dock starts it for each file and hands it the bytes that it asks for over a socket; nobody else does. "
    "The file may be hostile: before its first byte is read, the program gives up everything but that socket, a "
    "bounded amount of memory and of time. Whatever else it tries ends it.";

int manual_help(void)
{
    printf("usage: " PROBE " --fd N video|nmea|gpx\n       " PROBE " --help | --version | --man\n\n%s\n", about);
    return 0;
}

int manual_man(void)
{
    printf(".TH FELDSHER-PROBE 1\n.SH NAME\n" PROBE " \\- say what is in a camera's file\n.SH SYNOPSIS\n.B " PROBE
           "\n\\-\\-fd N video|nmea|gpx\n.SH DESCRIPTION\n%s\n.SH EXIT STATUS\n0 all is said; 64 usage; 74 it cannot "
           "limit itself. SIGSYS: it tried what it may not; SIGXCPU: it took too long.\n.SH SEE ALSO\n"
           "feldsher\\-dock(1)\n",
           about);
    return 0;
}
