#ifndef TUI_PLAY_MPV_H
#define TUI_PLAY_MPV_H

#include "storage/base/err.h"

#include <stdint.h>

/*
 * The few functions of libmpv that the player calls, found when it runs: so
 * feldsher builds and installs without libmpv, whose -dev package would bring
 * a desktop's worth of others for twelve prototypes. They are declared here as
 * in client.h and stream_cb.h of its client API, version 2, which keeps them
 * as they are until a version 3; mpv_load refuses any other.
 */
typedef struct mpv_handle mpv_handle;

struct mpv_event {
    int id;
    int error;
    uint64_t userdata;
    void *data;
};
enum { MPV_NONE = 0, MPV_SHUTDOWN = 1, MPV_LOG = 2, MPV_END_FILE = 7, MPV_HOOK = 25 }; /* event ids */

struct mpv_end_file {
    int reason; /* MPV_END_ERROR */
    int error;
};
enum { MPV_END_ERROR = 4 };

struct mpv_hook {
    const char *name;
    uint64_t id;
};

struct mpv_stream {
    void *cookie;
    int64_t (*read)(void *cookie, char *p, uint64_t n);
    int64_t (*seek)(void *cookie, int64_t offset);
    int64_t (*size)(void *cookie);
    void (*close)(void *cookie);
    void (*cancel)(void *cookie);
};

struct mpv {
    mpv_handle *(*create)(void);
    int (*initialize)(mpv_handle *h);
    void (*terminate_destroy)(mpv_handle *h);
    int (*set_option_string)(mpv_handle *h, const char *name, const char *value);
    int (*command)(mpv_handle *h, const char **args);
    char *(*get_property_string)(mpv_handle *h, const char *name);
    void (*free)(void *p);
    const char *(*error_string)(int error);
    struct mpv_event *(*wait_event)(mpv_handle *h, double timeout);
    void (*set_wakeup_callback)(mpv_handle *h, void (*fn)(void *ctx), void *ctx);
    int (*stream_cb_add_ro)(mpv_handle *h, const char *protocol, void *ctx,
                            int (*open)(void *ctx, char *uri, struct mpv_stream *out));
    int (*request_log_messages)(mpv_handle *h, const char *level);
    int (*hook_add)(mpv_handle *h, uint64_t userdata, const char *name, int priority);
    int (*hook_continue)(mpv_handle *h, uint64_t id);
};

#define MPV_LIBRARY "libmpv.so.2"
/* ERR_UNREACHABLE: it is not installed; the sentence says how. It stays
 * loaded until the program ends. */
enum err mpv_load(struct mpv *out, const char *library) MUST_USE;

#endif
