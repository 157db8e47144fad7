#include "drivers/folder/folder.h"
#include "drivers/limits.h"
#include "storage/base/file.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* A folder made for one test, and what its camera lists of it. */
struct card {
    char dir[64];
    struct camera camera;
    struct buf lines; /* "STATE PATH SIZE WHY" each */
};

static enum err note(void *ctx, const struct camera_file *f)
{
    static const char *const states[] = {"file", "not taken", "failed"};
    struct card *c = ctx;
    return buf_fmt(&c->lines, "%s %s %llu %s\n", states[f->state], f->path, (unsigned long long)f->size, f->why);
}

static void put(const struct card *c, const char *name, const char *bytes)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", c->dir, name);
    assert_int_equal(file_write(path, bytes, strlen(bytes), 0644), ERR_OK);
}

static void folder(const struct card *c, const char *name)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", c->dir, name);
    assert_int_equal(mkdir(path, 0755), 0);
}

static const char *listed(struct card *c)
{
    buf_clear(&c->lines);
    enum err e = c->camera.list(c->camera.self, note, c);
    if (e)
        fprintf(stderr, "list: %s\n", err_text());
    assert_int_equal(e, ERR_OK);
    return c->lines.len ? (const char *)c->lines.p : "";
}

static int card_new(void **state)
{
    struct card *c = calloc(1, sizeof *c);
    assert_non_null(c);
    strcpy(c->dir, "/tmp/feldsher-card-XXXXXX");
    assert_non_null(mkdtemp(c->dir));
    assert_int_equal(chmod(c->dir, 0755), 0);
    assert_int_equal(folder_open(&c->camera, c->dir, "SN-7"), ERR_OK);
    *state = c;
    return 0;
}

static int card_free(void **state)
{
    struct card *c = *state;
    char cmd[160];
    c->camera.free(c->camera.self);
    snprintf(cmd, sizeof cmd, "chmod -R u+rwx %.60s; rm -rf %.60s", c->dir, c->dir);
    assert_int_equal(system(cmd), 0);
    buf_free(&c->lines);
    free(c);
    return 0;
}

/* The file as the camera lists it. */
static struct camera_file file_of(const struct card *c, const char *name)
{
    char path[512];
    struct stat st;
    snprintf(path, sizeof path, "%s/%s", c->dir, name);
    assert_int_equal(lstat(path, &st), 0);
    int64_t mtime = (int64_t)st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1000000;
    return (struct camera_file){name, (uint64_t)st.st_size, mtime, CAMERA_FILE, ""};
}

static void everything_below_is_listed_in_order_hidden_files_too(void **state)
{
    struct card *c = *state;
    folder(c, "DCIM");
    folder(c, "DCIM/100");
    folder(c, "EMPTY");
    put(c, "b.mp4", "bb");
    put(c, "a.mp4", "a");
    put(c, ".hidden", "hh");
    put(c, "DCIM/100/z.avi", "zzz");
    put(c, "DCIM/y.avi", "");
    assert_string_equal(listed(c), "file .hidden 2 \nfile DCIM/100/z.avi 3 \nfile DCIM/y.avi 0 \n"
                                   "file a.mp4 1 \nfile b.mp4 2 \n");
}

static void links_fifos_and_devices_are_named_and_not_followed(void **state)
{
    struct card *c = *state;
    char path[512];
    put(c, "a.mp4", "a");
    snprintf(path, sizeof path, "%s/fifo", c->dir);
    assert_int_equal(mkfifo(path, 0644), 0);
    snprintf(path, sizeof path, "%s/link", c->dir);
    assert_int_equal(symlink("a.mp4", path), 0);
    snprintf(path, sizeof path, "%s/up", c->dir);
    assert_int_equal(symlink("/etc", path), 0);
    assert_string_equal(listed(c), "file a.mp4 1 \nnot taken fifo 0 fifo\nnot taken link 5 symbolic link\n"
                                   "not taken up 4 symbolic link\n");
    void *file;
    struct camera_file f = {"link", 1, 0, CAMERA_FILE, ""};
    assert_int_equal(c->camera.open(c->camera.self, &f, &file), ERR_AGAIN);
    f.path = "up/passwd";
    assert_int_equal(c->camera.open(c->camera.self, &f, &file), ERR_AGAIN);
    f.path = "../etc/passwd/";
    assert_int_not_equal(c->camera.open(c->camera.self, &f, &file), ERR_OK);
    f.path = "fifo"; /* and does not hang on it */
    assert_int_equal(c->camera.open(c->camera.self, &f, &file), ERR_BAD);
}

static void unreadable_folder_is_told_and_the_rest_goes_on(void **state)
{
    struct card *c = *state;
    char path[512];
    folder(c, "closed");
    put(c, "z.mp4", "z");
    snprintf(path, sizeof path, "%s/closed", c->dir);
    assert_int_equal(chmod(path, 0), 0);
    bool root = geteuid() == 0;
    if (root)
        assert_int_equal(seteuid(65534), 0);
    listed(c);
    if (root)
        assert_int_equal(seteuid(0), 0);
    assert_string_equal((const char *)c->lines.p, "failed closed 0 Permission denied\nfile z.mp4 1 \n");
}

static void bottomless_folders_end_at_a_ceiling(void **state)
{
    struct card *c = *state;
    char path[4096];
    int n = snprintf(path, sizeof path, "%s", c->dir);
    for (unsigned i = 0; i < CAMERA_DEPTH_MAX + 3; i++) {
        n += snprintf(path + n, sizeof path - (size_t)n, "/d");
        assert_int_equal(mkdir(path, 0755), 0);
    }
    put(c, "a.mp4", "a");
    const char *lines = listed(c);
    assert_non_null(strstr(lines, " 0 too many folders inside folders\n"));
    assert_non_null(strstr(lines, "file a.mp4 1 \n"));
}

static void path_beyond_the_ceiling_is_told_with_its_folder(void **state)
{
    struct card *c = *state;
    char name[251], cmd[700];
    memset(name, 'n', 250);
    name[250] = '\0';
    snprintf(cmd, sizeof cmd, "cd %s && for i in $(seq 20); do mkdir %s && cd -P %s || exit 1; done", c->dir, name,
             name);
    assert_int_equal(system(cmd), 0);
    put(c, "z.mp4", "z");
    const char *lines = listed(c);
    assert_non_null(strstr(lines, " 0 a path in it is too long\n"));
    assert_non_null(strstr(lines, "file z.mp4 1 \n"));
}

static void bytes_are_read_at_any_offset_and_the_end_is_known(void **state)
{
    struct card *c = *state;
    void *file;
    char p[8];
    size_t got;
    put(c, "a.mp4", "0123456789");
    struct camera_file f = file_of(c, "a.mp4");
    assert_int_equal(c->camera.open(c->camera.self, &f, &file), ERR_OK);
    assert_int_equal(c->camera.read(file, 6, p, sizeof p, &got), ERR_OK);
    assert_int_equal(got, 4);
    assert_memory_equal(p, "6789", 4);
    assert_int_equal(c->camera.read(file, 10, p, 1, &got), ERR_OK);
    assert_int_equal(got, 0);
    c->camera.close(file);
}

static void file_that_changes_is_noticed_at_its_end(void **state)
{
    struct card *c = *state;
    void *file;
    char p[8], path[512];
    size_t got;
    put(c, "a.mp4", "0123456789");
    struct camera_file f = file_of(c, "a.mp4");
    assert_int_equal(c->camera.open(c->camera.self, &f, &file), ERR_OK);
    snprintf(path, sizeof path, "%s/a.mp4", c->dir);
    int fd = open(path, O_WRONLY);
    struct timespec times[2] = {{.tv_sec = 1}, {.tv_sec = 1}};
    assert_int_equal(futimens(fd, times), 0);
    close(fd);
    assert_int_equal(c->camera.read(file, 0, p, sizeof p, &got), ERR_OK);
    assert_int_equal(c->camera.read(file, 10, p, 1, &got), ERR_BAD);
    c->camera.close(file);
    assert_int_equal(c->camera.open(c->camera.self, &f, &file), ERR_BAD); /* not the listed one */
    assert_int_equal(unlink(path), 0);
    assert_int_equal(c->camera.open(c->camera.self, &f, &file), ERR_AGAIN);
}

static void reading_leaves_no_trace_on_the_card(void **state)
{
    struct card *c = *state;
    void *file;
    char p[8], path[512];
    size_t got;
    struct stat before, after;
    put(c, "a.mp4", "0123456789");
    snprintf(path, sizeof path, "%s/a.mp4", c->dir);
    struct timespec times[2] = {{.tv_sec = 1}, {.tv_sec = 1000000}};
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
    assert_int_equal(stat(path, &before), 0);
    struct camera_file f = file_of(c, "a.mp4");
    listed(c);
    assert_int_equal(c->camera.open(c->camera.self, &f, &file), ERR_OK);
    assert_int_equal(c->camera.read(file, 0, p, sizeof p, &got), ERR_OK);
    c->camera.close(file);
    assert_int_equal(stat(path, &after), 0);
    assert_memory_equal(&before.st_atim, &after.st_atim, sizeof before.st_atim);
    assert_memory_equal(&before.st_ctim, &after.st_ctim, sizeof before.st_ctim);
}

static void missing_folder_image_and_odd_serial_are_refused(void **state)
{
    struct card *c = *state;
    struct camera camera;
    char path[512];
    put(c, "card.img", "x");
    snprintf(path, sizeof path, "%s/card.img", c->dir);
    assert_int_equal(folder_open(&camera, path, ""), ERR_DATA);
    assert_non_null(strstr(err_text(), "no folder"));
    assert_int_equal(folder_open(&camera, "/nowhere/at/all", ""), ERR_NOINPUT);
    assert_int_equal(folder_open(&camera, c->dir, "a\nb"), ERR_USAGE);
    assert_int_equal(folder_open(&camera, c->dir, "\xff"), ERR_USAGE);
    struct intake_camera described;
    c->camera.describe(c->camera.self, &described);
    assert_string_equal(described.serial, "SN-7");
    assert_string_equal(described.volume, "");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, card_new, card_free)
    const struct CMUnitTest tests[] = {
        TEST(everything_below_is_listed_in_order_hidden_files_too),
        TEST(links_fifos_and_devices_are_named_and_not_followed),
        TEST(unreadable_folder_is_told_and_the_rest_goes_on),
        TEST(bottomless_folders_end_at_a_ceiling),
        TEST(path_beyond_the_ceiling_is_told_with_its_folder),
        TEST(bytes_are_read_at_any_offset_and_the_end_is_known),
        TEST(file_that_changes_is_noticed_at_its_end),
        TEST(reading_leaves_no_trace_on_the_card),
        TEST(missing_folder_image_and_odd_serial_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
