#include "storage/seal/hash.h"
#include "tui/answer.h"
#include "tui/lang/lang.h"

#include <signal.h>
#include <sys/resource.h>

int main(int argc, char **argv)
{
    struct call call;
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);                    /* a quota answers write with EFBIG instead */
    setrlimit(RLIMIT_CORE, &(struct rlimit){0}); /* no core file with what is unsealed in it */
    enum err e = hash_start();
    if (!e)
        e = lang_start(NULL); /* as the environment says, until --lang is read */
    if (!e)
        e = command_parse(&call, argc, argv);
    return e ? err_report("feldsher", e) : answer(&call);
}
