/* What a probe said, as the dock hears it: facts in JSON, or a picture.
 * Whatever it is, what is kept is checked: said again, it is kept unchanged. */
#include "drivers/probe/said.h"
#include "drivers/probe/talk.h"
#include "storage/base/text.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static bool is_text(const json_t *v)
{
    const char *key;
    json_t *inner;
    size_t i;
    if (json_is_string(v)) {
        const char *s = json_string_value(v);
        for (i = 0; s[i]; i++)
            if ((unsigned char)s[i] < ' ' || s[i] == 0x7f)
                return false;
        return text_is_utf8(s, i);
    }
    json_object_foreach((json_t *)(uintptr_t)v, key, inner) if (!is_text(inner)) return false;
    json_array_foreach(v, i, inner) if (!is_text(inner)) return false;
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct talk_head head;
    struct probe_facts f = {.start = INT64_MIN, .gps_start = INT64_MIN, .duration = -1};
    if (n >= TALK_HEAD && talk_get_head(&head, p))
        assert(head.length <= PROBE_PIECE_MAX);
    if (said_poster(p, n))
        assert(n <= PROBE_POSTER_MAX);
    if (n > PROBE_FACTS_MAX || said_facts(p, n, &f) != ERR_OK) {
        assert(!f.media);
        return 0;
    }
    assert(text_is_utf8(f.why, strlen(f.why)));
    assert(f.gps_after >= 0 && f.duration < 1e8);
    if (f.media) {
        assert(is_text(f.media));
        char *text = json_dumps(f.media, JSON_COMPACT);
        assert(text && strlen(text) < 4 * (size_t)PROBE_FACTS_MAX);
        free(text);
    }
    probe_facts_free(&f);
    return 0;
}
