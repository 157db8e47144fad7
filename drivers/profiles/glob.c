#include "drivers/profiles/glob.h"

#include "storage/base/lang.h"

#include <stdint.h>
#include <string.h>

static char low(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* One star to go back to is enough: what an earlier one could give up, a later one takes. */
bool glob_name(const char *pattern, size_t pattern_n, const char *s, size_t n)
{
    size_t p = 0, i = 0, star = pattern_n, from = 0;
    while (i < n) {
        if (p < pattern_n && pattern[p] == '*') {
            star = p++;
            from = i;
        } else if (p < pattern_n && (pattern[p] == '?' || low(pattern[p]) == low(s[i]))) {
            p++;
            i++;
        } else if (star < pattern_n) {
            p = star + 1;
            i = ++from;
        } else {
            return false;
        }
    }
    while (p < pattern_n && pattern[p] == '*')
        p++;
    return p == pattern_n;
}

static size_t part(const char *s, size_t n)
{
    const char *slash = n ? memchr(s, '/', n) : NULL;
    return slash ? (size_t)(slash - s) : n;
}

static bool is_deep(const char *p, size_t n)
{
    return n == 2 && memcmp(p, "**", 2) == 0;
}

/* The same walk again, over names instead of letters. */
bool glob_takes(const char *pattern, const char *path, size_t n)
{
    size_t pattern_n = strlen(pattern), p = 0, i = 0, deep = SIZE_MAX, from = 0;
    while (i <= n) {
        size_t a = p <= pattern_n ? part(pattern + p, pattern_n - p) : 0;
        size_t b = part(path + i, n - i);
        if (p <= pattern_n && is_deep(pattern + p, a)) {
            deep = p;
            p += a + 1;
            from = i;
        } else if (p <= pattern_n && glob_name(pattern + p, a, path + i, b)) {
            p += a + 1;
            i += b + 1;
        } else if (deep != SIZE_MAX) {
            p = deep + 3;
            from += part(path + from, n - from) + 1;
            i = from;
        } else {
            return false;
        }
    }
    /* at the end of the path nothing but "**" may be left */
    while (p <= pattern_n && is_deep(pattern + p, part(pattern + p, pattern_n - p)))
        p += 3;
    return p > pattern_n;
}

const char *glob_mistake(const char *pattern, size_t n)
{
    if (n == 0 || pattern[0] == '/')
        return N_("a path begins with the name of a folder or file, not with /");
    for (size_t i = 0; i <= n;) {
        size_t len = part(pattern + i, n - i);
        if (len == 0)
            return N_("a name between two / is missing");
        if ((len == 1 && pattern[i] == '.') || (len == 2 && memcmp(pattern + i, "..", 2) == 0))
            return N_(". and .. are no names of folders");
        for (size_t k = 0; k + 1 < len && len > 2; k++)
            if (pattern[i + k] == '*' && pattern[i + k + 1] == '*')
                return N_("** stands for folders and needs / on either side");
        if (memchr(pattern + i, '\\', len))
            return N_("folders are parted by /, not by a backslash");
        i += len + 1;
    }
    return NULL;
}
