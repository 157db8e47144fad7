#include "drivers/probe/begins.h"

#include <string.h>

/* The first bytes of the containers in inside/media.c's list: of MP4 and
 * QuickTime any first box that cameras write, of a transport stream its sync
 * byte (behind a time of four bytes in M2TS), of MPEG and bare H.264 a start code. */
static const struct {
    uint8_t at, n;
    char bytes[5];
} beginnings[] = {
    {4, 4, "ftyp"}, {4, 4, "moov"}, {4, 4, "mdat"},   {4, 4, "free"},     {4, 4, "skip"},
    {4, 4, "wide"}, {4, 4, "pnot"}, {4, 4, "uuid"},   {0, 4, "RIFF"},     {0, 4, "\x1a\x45\xdf\xa3"},
    {0, 1, "\x47"}, {4, 1, "\x47"}, {0, 3, "\0\0\1"}, {0, 4, "\0\0\0\1"}, {0, 4, "\x30\x26\xb2\x75"},
    {0, 3, "FLV"},  {0, 3, "ID3"},  {0, 5, "#!AMR"},
};

/* A frame of MPEG audio or AAC: eleven bits. */
static bool is_audio_frame(const uint8_t *p, size_t n)
{
    return n >= 2 && p[0] == 0xff && p[1] >= 0xe0;
}

bool begins_like_media(const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < sizeof beginnings / sizeof beginnings[0]; i++)
        if ((size_t)beginnings[i].at + beginnings[i].n <= n &&
            memcmp(p + beginnings[i].at, beginnings[i].bytes, beginnings[i].n) == 0)
            return true;
    return is_audio_frame(p, n);
}
