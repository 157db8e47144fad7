#include "drivers/profiles/profile_inside.h"

/* The files themselves, so that a non-programmer changes a model in one place. */
#define FILE_OF(symbol, file)                                                                                          \
    __asm__(".section .rodata\n"                                                                                       \
            ".global profile_text_" symbol "\n"                                                                        \
            ".global profile_end_" symbol "\n"                                                                         \
            "profile_text_" symbol ":\n"                                                                               \
            ".incbin \"drivers/profiles/" file ".profile\"\n"                                                          \
            "profile_end_" symbol ":\n"                                                                                \
            ".byte 0\n"                                                                                                \
            ".previous\n")

FILE_OF("amba_ascii", "amba-ascii");
FILE_OF("amba_binary", "amba-binary");
FILE_OF("generic_mtp", "generic-mtp");
FILE_OF("generic_storage", "generic-storage");
extern const char profile_text_amba_ascii[], profile_end_amba_ascii[];
extern const char profile_text_amba_binary[], profile_end_amba_binary[];
extern const char profile_text_generic_mtp[], profile_end_generic_mtp[];
extern const char profile_text_generic_storage[], profile_end_generic_storage[];

/* Dialects before what is generic: whoever asks in this order asks the surest first. */
static const struct {
    const char *name, *text, *end;
} files[] = {
    {"amba-ascii", profile_text_amba_ascii, profile_end_amba_ascii},
    {"amba-binary", profile_text_amba_binary, profile_end_amba_binary},
    {"generic-mtp", profile_text_generic_mtp, profile_end_generic_mtp},
    {"generic-storage", profile_text_generic_storage, profile_end_generic_storage},
};

const char *profile_built_in(size_t i, const char **text, size_t *n)
{
    if (i >= sizeof files / sizeof files[0])
        return NULL;
    *text = files[i].text;
    *n = (size_t)(files[i].end - files[i].text);
    return files[i].name;
}
