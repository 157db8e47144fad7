/*
 * Files of sealed blocks, damaged. The first byte chooses: a database (4 bytes
 * of length, then it, then its WAL) that SQLite opens, or a course of reads,
 * writes and cuts beside a plain copy in memory.
 */
#include "storage/base/file.h"
#include "storage/records/blocks.h"

#include <sodium.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MOST 300000u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const uint8_t key[BLOCK_KEY] = "a key that everybody knows";

static void must(bool fine)
{
    if (!fine)
        abort();
}

static void put(const char *path, const uint8_t *p, size_t n)
{
    FILE *f = fopen(path, "wb");
    must(f && fwrite(p, 1, n, f) == n && fclose(f) == 0);
}

/* Whatever is read of it was written by a holder of the key: rows of one
 * table, each saying its number. */
static void open_database(const char *path, const uint8_t *data, size_t n)
{
    struct blocks *b;
    sqlite3 *db;
    sqlite3_stmt *s = NULL;
    char wal[80];
    if (n < 4)
        return;
    size_t len = (size_t)data[0] | (size_t)data[1] << 8 | (size_t)data[2] << 16;
    len = len > n - 4 ? n - 4 : len;
    snprintf(wal, sizeof wal, "%.60s-wal", path);
    put(path, data + 4, len);
    put(wal, data + 4 + len, n - 4 - len);
    must(blocks_new(&b, key) == ERR_OK);
    int rc = sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, blocks_vfs(b));
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(db, "PRAGMA locking_mode=EXCLUSIVE; PRAGMA integrity_check", NULL, NULL, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_prepare_v2(db, "SELECT n,word FROM t ORDER BY n", -1, &s, NULL);
    while (rc == SQLITE_OK && sqlite3_step(s) == SQLITE_ROW) {
        char word[32];
        snprintf(word, sizeof word, "row %d", sqlite3_column_int(s, 0));
        must(strcmp(word, (const char *)sqlite3_column_text(s, 1)) == 0);
    }
    sqlite3_finalize(s);
    sqlite3_close(db);
    blocks_free(b);
    unlink(wal);
}

static void take_course(const char *path, const uint8_t *data, size_t n)
{
    static uint8_t model[MOST], back[MOST];
    struct block_file *f;
    size_t size = 0, got;
    memset(model, 0, sizeof model);
    unlink(path);
    must(block_file_open(&f, path, BLOCK_MAIN, key, NULL, true) == ERR_OK);
    for (; n >= 6; data += 6, n -= 6) {
        size_t at = ((size_t)data[1] | (size_t)data[2] << 8 | (size_t)data[3] << 16) % MOST;
        size_t len = ((size_t)data[4] | (size_t)data[5] << 8) % (MOST - at);
        switch (data[0] % 5) {
        case 0:
            must(block_file_truncate(f, at) == ERR_OK);
            memset(model + at, 0, MOST - at);
            size = at;
            break;
        case 1:
            must(block_file_close(f) == ERR_OK && block_file_open(&f, path, BLOCK_MAIN, key, NULL, false) == ERR_OK);
            break;
        case 2:
            must(block_file_read(f, back, len, at, &got) == ERR_OK && memcmp(back, model + at, len) == 0);
            must(got == (at >= size ? 0 : size - at < len ? size - at : len));
            break;
        default:
            memset(back, data[0], len);
            must(block_file_write(f, back, len, at) == ERR_OK);
            memcpy(model + at, back, len);
            if (len && at + len > size)
                size = at + len;
        }
        must(block_file_size(f) == size);
    }
    must(block_file_close(f) == ERR_OK && block_file_open(&f, path, BLOCK_MAIN, key, NULL, false) == ERR_OK);
    must(block_file_read(f, back, size, 0, &got) == ERR_OK && got == size && memcmp(back, model, size) == 0);
    must(block_file_close(f) == ERR_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    char path[64];
    must(sodium_init() >= 0);
    snprintf(path, sizeof path, "/tmp/feldsher-fuzz-blocks-%d", (int)getpid());
    if (n > 1 && n < (1u << 20)) {
        if (data[0] % 2)
            open_database(path, data + 1, n - 1);
        else
            take_course(path, data + 1, n - 1);
        unlink(path);
    }
    return 0;
}
