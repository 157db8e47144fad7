#include "tui/play/mpv.h"

#include <dlfcn.h>
#include <stddef.h>
#include <string.h>

static const struct {
    const char *name;
    size_t at;
} functions[] = {
    {"mpv_create", offsetof(struct mpv, create)},
    {"mpv_initialize", offsetof(struct mpv, initialize)},
    {"mpv_terminate_destroy", offsetof(struct mpv, terminate_destroy)},
    {"mpv_set_option_string", offsetof(struct mpv, set_option_string)},
    {"mpv_command", offsetof(struct mpv, command)},
    {"mpv_get_property_string", offsetof(struct mpv, get_property_string)},
    {"mpv_free", offsetof(struct mpv, free)},
    {"mpv_error_string", offsetof(struct mpv, error_string)},
    {"mpv_wait_event", offsetof(struct mpv, wait_event)},
    {"mpv_set_wakeup_callback", offsetof(struct mpv, set_wakeup_callback)},
    {"mpv_stream_cb_add_ro", offsetof(struct mpv, stream_cb_add_ro)},
    {"mpv_request_log_messages", offsetof(struct mpv, request_log_messages)},
    {"mpv_hook_add", offsetof(struct mpv, hook_add)},
    {"mpv_hook_continue", offsetof(struct mpv, hook_continue)},
};

enum err mpv_load(struct mpv *out, const char *library)
{
    static const char wrong[] = "the libmpv that is installed is of another version; apt-get install libmpv2";
    unsigned long (*version)(void);
    void *lib = dlopen(library, RTLD_NOW | RTLD_LOCAL);
    if (!lib)
        return err_set(ERR_UNREACHABLE, "libmpv is not installed; apt-get install libmpv2");
    void *found = dlsym(lib, "mpv_client_api_version");
    memcpy(&version, &found, sizeof version); /* C has no cast from an object's pointer to a function's */
    if (!found || version() >> 16 != 2)
        return err_set(ERR_UNREACHABLE, wrong);
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
        found = dlsym(lib, functions[i].name);
        if (!found)
            return err_set(ERR_UNREACHABLE, wrong);
        memcpy((char *)out + functions[i].at, &found, sizeof found);
    }
    return ERR_OK;
}
