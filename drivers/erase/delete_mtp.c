#include "drivers/erase/delete_mtp.h"

#include "drivers/ptp/code.h"
#include "drivers/ptp/ptp.h"
#include "drivers/ptp/session.h"

#define DELETE_OBJECT 0x100b

static const struct session_permit permit = {DELETE_OBJECT};

static enum err remove_object(void *self, const struct camera_file *f)
{
    struct camera *camera = self;
    struct session_answer answer;
    uint32_t handle;
    enum err e = ptp_handle(camera, f->path, &handle);
    if (e == ERR_NOINPUT)
        return err_set(ERR_IO, "the camera does not list it any more");
    /* the one is no object, the other means every object that there is */
    if (!e && (handle == 0 || handle == UINT32_MAX))
        return err_set(ERR_DATA, "the camera gives it a number that no single file may have");
    /* the second parameter is a format: 0 for none; there are devices that want it told */
    struct session_op op = {.code = DELETE_OBJECT, .n_params = 2, .params = {handle, 0}, .permit = &permit};
    if (!e)
        e = session_run(ptp_session(ptp_of(camera)), &op, NULL, NULL, &answer);
    if (!e && answer.code != ANSWER_OK)
        e = session_refused(&answer, "the camera does not erase it");
    return e;
}

void delete_mtp(struct deleter *out, struct camera *camera)
{
    *out = (struct deleter){.self = camera, .how = "mtp", .remove = remove_object, .lists_anew = true};
}
