#include "drivers/probe/talk.h"

#include "storage/base/bytes.h"
#include "storage/base/lang.h"

#include <string.h>

void talk_put_head(uint8_t p[static TALK_HEAD], const struct talk_head *h)
{
    bytes_put_le32(p, (uint32_t)h->what);
    bytes_put_le32(p + 4, h->length);
    bytes_put_le64(p + 8, h->offset);
}

bool talk_get_head(struct talk_head *h, const uint8_t p[static TALK_HEAD])
{
    static const uint32_t most[] = {PROBE_PIECE_MAX, PROBE_FACTS_MAX, PROBE_POSTER_MAX, 0};
    uint32_t what = bytes_le32(p);
    if (what > TALK_DONE)
        return false;
    *h = (struct talk_head){.what = (enum talk)what, .length = bytes_le32(p + 4), .offset = bytes_le64(p + 8)};
    return h->length <= most[what];
}

void talk_put_answer(uint8_t p[static TALK_ANSWER], uint32_t length, uint64_t size)
{
    bytes_put_le32(p, length);
    bytes_put_le64(p + 4, size);
}

void talk_get_answer(const uint8_t p[static TALK_ANSWER], uint32_t *length, uint64_t *size)
{
    *length = bytes_le32(p);
    *size = bytes_le64(p + 4);
}

static const struct {
    const char *word, *sentence;
} whys[] = {
    [TALK_FINE] = {"", ""},
    [TALK_NO_VIDEO] = {"no-video", N_("it is no video of a kind that is known here")},
    [TALK_BROKEN] = {"broken", N_("it is damaged or cut off")},
    [TALK_NO_PLACES] = {"no-places", N_("there are no positions in it")},
};

const char *talk_word(enum talk_why w)
{
    return whys[w].word;
}

const char *talk_sentence(const char *word)
{
    for (size_t i = 0; i < sizeof whys / sizeof whys[0]; i++)
        if (strcmp(whys[i].word, word) == 0)
            return whys[i].sentence[0] ? _(whys[i].sentence) : "";
    return NULL;
}
