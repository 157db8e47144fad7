#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "storage/base/socket.h"
#include "tests/unit/intake_fixture.h"
#include "tui/play/ask.h"
#include "tui/play/pieces.h"

#include <pthread.h>
#include <sys/socket.h>

#define SIZE (20 * MIB + 12345) /* three blobs */

/* An opener in a thread of its own, and a player: the test. */
struct stage {
    struct house *h;
    struct clip *clip;
    struct recording_list *list;
    struct pieces *pieces;
    int opener, player;
    pthread_t thread;
    enum err ended;
    char why[512];
    uint64_t served;
};

static const struct recording_file *file_of(const struct stage *g)
{
    return &g->list->r[0].files[0];
}

static int stage_new(void **state)
{
    struct stage *g = calloc(1, sizeof *g);
    int pair[2];
    assert_non_null(g);
    void *house;
    house_new(&house);
    g->h = house;
    house_open(g->h);
    g->clip = clip_new("DCIM/A.MP4", SIZE, 7);
    house_take(g->h, g->clip, NULL);
    assert_int_equal(recording_load(g->h->s, g->h->d->user, &g->list), ERR_OK);
    assert_int_equal(g->list->n, 1);
    assert_int_equal(file_of(g)->n_blobs, 3);
    assert_int_equal(pieces_new(&g->pieces, g->h->s, g->h->d->user, file_of(g)), ERR_OK);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    g->opener = pair[0];
    g->player = pair[1];
    *state = g;
    return 0;
}

static int stage_free(void **state)
{
    struct stage *g = *state;
    void *house = g->h;
    pieces_free(g->pieces);
    recording_free(g->list);
    clip_free(g->clip);
    house_free(&house);
    if (g->player >= 0)
        close(g->player);
    close(g->opener);
    free(g);
    return 0;
}

static void *serve(void *ctx)
{
    struct stage *g = ctx;
    g->ended = pieces_serve(g->pieces, g->opener, NULL, &g->served);
    snprintf(g->why, sizeof g->why, "%s", err_text());
    shutdown(g->opener, SHUT_RDWR);
    return NULL;
}

static void begin(struct stage *g)
{
    assert_int_equal(pthread_create(&g->thread, NULL, serve, g), 0);
}

/* The player hangs up; the opener must end by itself. */
static enum err end(struct stage *g)
{
    close(g->player);
    g->player = -1;
    assert_int_equal(pthread_join(g->thread, NULL), 0);
    return g->ended;
}

static void send_request(const struct stage *g, uint64_t offset, uint32_t length)
{
    uint8_t p[WIRE_REQUEST];
    wire_put_request(p, &(struct wire_request){offset, length});
    assert_int_equal(socket_send(g->player, p, sizeof p), ERR_OK);
}

/* The next answer; its bytes must be the clip's from offset on. */
static struct wire_answer take_answer(const struct stage *g, uint64_t offset)
{
    static uint8_t bytes[WIRE_PIECE_MAX];
    uint8_t head[WIRE_ANSWER];
    struct wire_answer a;
    assert_int_equal(socket_receive(g->player, head, sizeof head), ERR_OK);
    assert_true(wire_get_answer(&a, head));
    assert_int_equal(socket_receive(g->player, bytes, a.length), ERR_OK);
    if (a.length) {
        assert_true(offset + a.length <= SIZE);
        assert_memory_equal(bytes, g->clip->p + offset, a.length);
    }
    return a;
}

static struct wire_answer ask_one(const struct stage *g, uint64_t offset, uint32_t length)
{
    send_request(g, offset, length);
    return take_answer(g, offset);
}

static void integers_stand_in_another_order(void **state)
{
    (void)state;
    static const uint8_t request[WIRE_REQUEST] = {0xef, 0xcd, 0xab, 0x89, 0x67, 0x45, 0x23, 0x01, 0x40, 0x30, 0x02, 0};
    static const uint8_t answer[WIRE_ANSWER] = {0, 0, 0, 0, 0x40, 0x30, 0x02, 0, 0xef, 0xcd, 0xab, 0x89, 0x67, 0x45};
    uint8_t p[WIRE_ANSWER];
    struct wire_request r;
    struct wire_answer a;
    wire_put_request(p, &(struct wire_request){0x0123456789abcdef, 0x023040});
    assert_memory_equal(p, request, WIRE_REQUEST);
    assert_true(wire_get_request(&r, request));
    assert_true(r.offset == 0x0123456789abcdef && r.length == 0x023040);
    wire_put_answer(p, &(struct wire_answer){WIRE_OK, 0x023040, 0x456789abcdef});
    assert_memory_equal(p, answer, WIRE_ANSWER);
    assert_true(wire_get_answer(&a, answer));
    assert_true(a.code == WIRE_OK && a.length == 0x023040 && a.size == 0x456789abcdef);
}

static void pieces_are_of_another_place(void **state)
{
    struct stage *g = *state;
    uint32_t x = 1;
    begin(g);
    for (int i = 0; i < 300; i++) {
        x = x * 1664525u + 1013904223u;
        uint64_t offset = x % SIZE;
        x = x * 1664525u + 1013904223u;
        uint32_t length = x % WIRE_PIECE_MAX + 1;
        struct wire_answer a = ask_one(g, offset, length);
        assert_int_equal(a.code, WIRE_OK);
        assert_true(a.length > 0 && a.length <= length);
        assert_int_equal(a.size, SIZE);
    }
    assert_int_equal(end(g), ERR_OK);
}

static void a_read_from_end_to_end_loses_a_byte_between_blobs(void **state)
{
    struct stage *g = *state;
    uint64_t at = 0;
    begin(g);
    for (struct wire_answer a; (a = ask_one(g, at, WIRE_PIECE_MAX)).length > 0;)
        at += a.length;
    assert_int_equal(at, SIZE);
    assert_int_equal(end(g), ERR_OK);
    assert_int_equal(g->served, SIZE);
}

static void places_behind_the_end_are_answered(void **state)
{
    struct stage *g = *state;
    static const uint64_t behind[] = {SIZE, SIZE + 1, UINT64_MAX, UINT64_MAX - WIRE_PIECE_MAX + 1, INT64_MAX};
    begin(g);
    for (size_t i = 0; i < sizeof behind / sizeof behind[0]; i++) {
        struct wire_answer a = ask_one(g, behind[i], WIRE_PIECE_MAX);
        assert_true(a.code == WIRE_OK && a.length == 0 && a.size == SIZE);
    }
    struct wire_answer a = ask_one(g, SIZE - 1, WIRE_PIECE_MAX);
    assert_int_equal(a.length, 1);
    a = ask_one(g, 5, 0);
    assert_true(a.code == WIRE_OK && a.length == 0 && a.size == SIZE);
    assert_int_equal(end(g), ERR_OK);
}

static void a_hostile_length_is_served(void **state)
{
    struct stage *g = *state;
    static const uint32_t lengths[] = {WIRE_PIECE_MAX + 1, INT32_MAX, UINT32_MAX};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        uint8_t p[WIRE_REQUEST];
        struct wire_request r;
        wire_put_request(p, &(struct wire_request){0, lengths[i]});
        assert_false(wire_get_request(&r, p));
    }
    begin(g);
    send_request(g, 0, UINT32_MAX);
    uint8_t byte;
    assert_int_equal(socket_receive(g->player, &byte, 1), ERR_END);
    assert_int_equal(end(g), ERR_DATA);
    assert_non_null(strstr(g->why, "4294967295 bytes"));
    assert_int_equal(g->served, 0);
}

static void a_request_in_single_bytes_is_misread(void **state)
{
    struct stage *g = *state;
    uint8_t p[WIRE_REQUEST];
    begin(g);
    wire_put_request(p, &(struct wire_request){8 * MIB - 3, 100});
    for (size_t i = 0; i < sizeof p; i++)
        assert_int_equal(socket_send(g->player, p + i, 1), ERR_OK);
    struct wire_answer a = take_answer(g, 8 * MIB - 3);
    assert_true(a.length > 0 && a.length <= 100);
    assert_int_equal(socket_send(g->player, p, 7), ERR_OK); /* and half a one */
    assert_int_equal(end(g), ERR_OK);
}

static void a_flood_of_requests_mixes_up_the_answers(void **state)
{
    struct stage *g = *state;
    begin(g);
    for (uint64_t i = 0; i < 200; i++)
        send_request(g, i * 104729 % SIZE, 64);
    for (uint64_t i = 0; i < 200; i++) {
        struct wire_answer a = take_answer(g, i * 104729 % SIZE);
        assert_int_equal(a.code, WIRE_OK);
    }
    assert_int_equal(end(g), ERR_OK);
}

static void a_player_that_dies_takes_the_opener_along(void **state)
{
    struct stage *g = *state;
    begin(g);
    for (uint64_t i = 0; i < 50; i++)
        send_request(g, i * 4096, WIRE_PIECE_MAX);
    assert_int_equal(end(g), ERR_OK);
}

/* The path of blob i. */
static void blob_path(const struct stage *g, size_t i, char out[static 512])
{
    char name[HASH_HEX];
    hash_hex(name, &file_of(g)->blobs[i].name);
    snprintf(out, 512, "%.300s/objects/%.2s/%s", g->h->s->dir, name, name);
}

static void a_blob_that_is_not_here_stops_the_others(void **state)
{
    struct stage *g = *state;
    char path[512];
    blob_path(g, 1, path);
    assert_int_equal(unlink(path), 0);
    begin(g);
    assert_int_equal(ask_one(g, 0, 10).code, WIRE_OK);
    assert_int_equal(ask_one(g, 9 * MIB, 10).code, WIRE_NOT_HERE);
    assert_int_equal(ask_one(g, 17 * MIB, 10).code, WIRE_OK);
    assert_int_equal(end(g), ERR_NOINPUT);
    assert_true(g->why[0]);
}

static void bytes_of_a_damaged_blob_reach_the_player(void **state)
{
    struct stage *g = *state;
    char path[512];
    blob_path(g, 2, path);
    FILE *f = fopen(path, "r+b");
    assert_non_null(f);
    assert_int_equal(fseek(f, 100000, SEEK_SET), 0);
    int byte = fgetc(f);
    assert_int_equal(fseek(f, 100000, SEEK_SET), 0);
    assert_int_equal(fputc(byte ^ 1, f), byte ^ 1);
    assert_int_equal(fclose(f), 0);
    begin(g);
    struct wire_answer a = ask_one(g, 19 * MIB, 10);
    assert_int_equal(a.code, WIRE_BAD);
    assert_int_equal(a.length, 0);
    assert_int_equal(ask_one(g, 0, 10).code, WIRE_OK);
    assert_int_equal(end(g), ERR_BAD);
}

static void a_player_that_asks_for_nothing_is_a_view(void **state)
{
    struct stage *g = *state;
    send_request(g, 0, 0);
    assert_int_equal(pieces_wait(g->opener), ERR_OK);
    close(g->player);
    g->player = -1;
    assert_int_equal(pieces_wait(g->opener), ERR_AGAIN);
}

static void the_player_reads_another_file_than_the_opener_has(void **state)
{
    struct stage *g = *state;
    struct ask a;
    static uint8_t bytes[MIB];
    uint64_t at = 0;
    begin(g);
    assert_int_equal(ask_begin(&a, g->player), ERR_OK);
    assert_int_equal(a.size, SIZE);
    for (int64_t n; (n = ask_read(&a, bytes, sizeof bytes)) > 0; at += (uint64_t)n)
        assert_memory_equal(bytes, g->clip->p + at, (size_t)n);
    assert_int_equal(at, SIZE);
    a.at = 3 * MIB + 1;
    assert_int_equal(ask_read(&a, bytes, 77), 77);
    assert_memory_equal(bytes, g->clip->p + 3 * MIB + 1, 77);
    a.at = UINT64_MAX;
    assert_int_equal(ask_read(&a, bytes, 77), 0);
    assert_int_equal(ask_error(&a), ERR_OK);
    assert_int_equal(end(g), ERR_OK);
}

static void the_player_believes_an_answer_that_is_none(void **state)
{
    struct stage *g = *state;
    static const struct {
        uint8_t head[WIRE_ANSWER];
        enum err want;
    } cases[] = {
        {{4, 0, 0, 0}, ERR_AGAIN},                                        /* no such code */
        {{0, 0, 0, 0, 11, 0, 0, 0}, ERR_AGAIN},                           /* longer than asked */
        {{0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff}, ERR_AGAIN},                /* beyond every limit */
        {{0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x80}, ERR_AGAIN}, /* a size that is none */
        {{1, 0, 0, 0, 5, 0, 0, 0}, ERR_AGAIN},                            /* an error with bytes */
        {{1, 0, 0, 0}, ERR_NOINPUT},
        {{2, 0, 0, 0}, ERR_BAD},
        {{3, 0, 0, 0}, ERR_IO},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t bytes[10], request[WIRE_REQUEST];
        struct ask a = {.fd = g->player};
        assert_int_equal(socket_send(g->opener, cases[i].head, WIRE_ANSWER), ERR_OK);
        assert_int_equal(ask_read(&a, bytes, sizeof bytes), -1);
        assert_int_equal(ask_error(&a), cases[i].want);
        assert_int_equal(socket_receive(g->opener, request, WIRE_REQUEST), ERR_OK);
    }
    struct ask a = {.fd = g->player};
    uint8_t byte;
    ask_end(&a);
    assert_int_equal(ask_read(&a, &byte, 1), -1);
    assert_int_equal(ask_error(&a), ERR_OK); /* it was us */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, stage_new, stage_free)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_stand_in_another_order),
        TEST(pieces_are_of_another_place),
        TEST(a_read_from_end_to_end_loses_a_byte_between_blobs),
        TEST(places_behind_the_end_are_answered),
        TEST(a_hostile_length_is_served),
        TEST(a_request_in_single_bytes_is_misread),
        TEST(a_flood_of_requests_mixes_up_the_answers),
        TEST(a_player_that_dies_takes_the_opener_along),
        TEST(a_blob_that_is_not_here_stops_the_others),
        TEST(bytes_of_a_damaged_blob_reach_the_player),
        TEST(a_player_that_asks_for_nothing_is_a_view),
        TEST(the_player_reads_another_file_than_the_opener_has),
        TEST(the_player_believes_an_answer_that_is_none),
    };
    return cmocka_run_group_tests_name("play pieces", tests, NULL, NULL);
}
