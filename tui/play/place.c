#include "tui/play/place.h"

#include <stdlib.h>

bool place_has_windows(void)
{
    const char *wayland = getenv("WAYLAND_DISPLAY"), *x = getenv("DISPLAY");
    return (wayland && wayland[0]) || (x && x[0]);
}
