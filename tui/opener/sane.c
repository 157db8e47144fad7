#include "tui/opener/sane.h"

#include <fcntl.h>
#include <unistd.h>

void sane_keep(struct sane *s)
{
    s->tty = tcgetattr(SANE_FD, &s->was) == 0 ? SANE_FD : -1;
    if (s->tty >= 0)
        fcntl(s->tty, F_SETFD, FD_CLOEXEC);
}

void sane_restore(const struct sane *s)
{
    static const char leave[] = "\033[?1049l\033[?1l\033>\033[?25h\033[0m\r\n";
    if (s->tty < 0)
        return;
    tcsetattr(s->tty, TCSANOW, &s->was);
    if (write(s->tty, leave, sizeof leave - 1) < 0)
        return; /* it is gone as well */
}
