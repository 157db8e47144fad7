#include "tui/play/cage.h"

#include "storage/base/confine.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

static const struct confine_path fixed[] = {
    {"/usr", CONFINE_READ},
    {"/lib", CONFINE_READ},
    {"/lib64", CONFINE_READ},
    {"/etc/alsa", CONFINE_READ},
    {"/etc/asound.conf", CONFINE_READ},
    {"/etc/drirc", CONFINE_READ},
    {"/etc/fonts", CONFINE_READ},
    {"/etc/glvnd", CONFINE_READ},
    {"/etc/ld.so.cache", CONFINE_READ},
    {"/etc/localtime", CONFINE_READ},
    {"/etc/machine-id", CONFINE_READ},
    {"/etc/nsswitch.conf", CONFINE_READ},
    {"/etc/passwd", CONFINE_READ},
    {"/etc/pipewire", CONFINE_READ},
    {"/etc/pulse", CONFINE_READ},
    {"/etc/vulkan", CONFINE_READ},
    {"/var/cache/fontconfig", CONFINE_READ},
    {"/proc/self", CONFINE_READ},
    {"/proc/cpuinfo", CONFINE_READ},
    {"/sys", CONFINE_READ},
    {"/dev/dri", CONFINE_USE},
    {"/dev/snd", CONFINE_USE},
    {"/dev/tty", CONFINE_USE},
    {"/dev/null", CONFINE_USE},
    {"/dev/zero", CONFINE_USE},
    {"/dev/urandom", CONFINE_READ},
};
#define FIXED (sizeof fixed / sizeof fixed[0])

/* These depend on who runs it: where the keys to the window system and to the
 * sound server lie. */
static const struct {
    const char *variable, *below;
} personal[] = {
    {"XAUTHORITY", ""},
    {"HOME", "/.Xauthority"},
    {"HOME", "/.config/pulse"},
    {"XDG_RUNTIME_DIR", "/pulse"},
    {"XDG_RUNTIME_DIR", "/gdm/Xauthority"},
};
#define PERSONAL (sizeof personal / sizeof personal[0])

enum err cage_enter(int fd)
{
    struct confine_path paths[FIXED + PERSONAL];
    char text[PERSONAL][PATH_MAX];
    size_t n = 0;
    for (; n < FIXED; n++)
        paths[n] = fixed[n];
    for (size_t i = 0; i < PERSONAL; i++) {
        const char *base = getenv(personal[i].variable);
        int len = base && base[0] == '/' ? snprintf(text[i], PATH_MAX, "%s%s", base, personal[i].below) : -1;
        if (len > 0 && len < PATH_MAX)
            paths[n++] = (struct confine_path){text[i], CONFINE_READ};
    }
    /* graphics drivers would keep compiled shaders in the home folder */
    setenv("MESA_SHADER_CACHE_DISABLE", "true", 1);
    enum err e = confine_keep(fd);
    return e ? e : confine_self(paths, n, CONFINE_LOCAL);
}
