#include "sync/hub/verbs.h"

#include "sync/hub/serve.h"

#include <sys/resource.h>

/* Before the store, which takes its share of them. */
static void raise_descriptors(void)
{
    struct rlimit l;
    if (getrlimit(RLIMIT_NOFILE, &l) == 0 && l.rlim_cur < l.rlim_max) {
        l.rlim_cur = l.rlim_max < 65536 ? l.rlim_max : 65536;
        (void)setrlimit(RLIMIT_NOFILE, &l);
    }
}

enum err verb_serve(const struct args *a)
{
    struct hub *h;
    raise_descriptors();
    enum err e = hub_serve_open(&h, args_operand(a, 0), NULL, 0);
    if (e)
        return e;
    e = serve_run(h, args_has(a, "listen") ? args_value(a, "listen", 0) : NULL);
    hub_close(h);
    return e;
}
