/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* disk_server with a client in the same process: partial transfers, lack of memory, stale answers, malformed requests.
 */
#include "disk_server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { MIB = 1 << 20, BLOCK = 512 };

struct fixture {
    struct disk_server *server;
    char path[64];
    unsigned allocated, limit;
};

static void *allocate(void *context, enum disk_op op, uint32_t length)
{
    struct fixture *f = context;

    (void)op;
    if (f->allocated == f->limit) {
        return NULL;
    }
    f->allocated++;
    return malloc(length);
}

static void release(void *context, void *data, uint32_t length)
{
    struct fixture *f = context;

    (void)length;
    assert_true(f->allocated > 0);
    f->allocated--;
    free(data);
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    struct disk_server_options options = {.size = 8 * MIB,
                                          .block_size = BLOCK,
                                          .max_transfer = 4 * MIB,
                                          .can_flush = true,
                                          .allocate = allocate,
                                          .release = release,
                                          .context = f};
    char error[128];

    snprintf(f->path, sizeof(f->path), "/tmp/disk-server-test-%d", (int)getpid());
    f->limit = 4;
    options.socket_path = f->path;
    f->server = disk_server_open(&options, error, sizeof(error));
    *state = f;
    return f->server != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    unsigned left;

    disk_server_close(f->server);
    left = f->allocated;
    assert_int_equal(access(f->path, F_OK), -1);
    free(f);
    return left == 0 ? 0 : -1;
}

static bool is_ready(struct fixture *f)
{
    struct pollfd fd = {.fd = disk_server_poll_fd(f->server), .events = POLLIN};

    return poll(&fd, 1, 0) == 1;
}

/* A connected client that has taken the hello. */
static int connect_client(struct fixture *f)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct disk_request request;
    struct disk_hello hello;
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    strcpy(address.sun_path, f->path);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_true(is_ready(f));
    assert_false(disk_server_next(f->server, &request));
    assert_true(disk_server_has_client(f->server));
    assert_int_equal(recv(fd, &hello, sizeof(hello), MSG_WAITALL), sizeof(hello));
    assert_true(hello.magic == DISK_PROTOCOL_MAGIC);
    assert_int_equal(hello.size, 8 * MIB);
    assert_int_equal(hello.block_size, BLOCK);
    assert_int_equal(hello.max_transfer, 4 * MIB);
    assert_int_equal(hello.flags, DISK_HELLO_CAN_FLUSH);
    return fd;
}

static void send_record(int fd, uint32_t id, uint32_t op, uint64_t offset, uint32_t length)
{
    struct disk_request_record record = {.id = id, .op = op, .offset = offset, .length = length};

    assert_int_equal(send(fd, &record, sizeof(record), MSG_NOSIGNAL), sizeof(record));
}

static void check_reply(int fd, uint32_t id, int error, uint32_t length)
{
    struct disk_reply_record reply;

    assert_int_equal(recv(fd, &reply, sizeof(reply), MSG_WAITALL), sizeof(reply));
    assert_int_equal(reply.id, id);
    assert_int_equal(reply.error, error);
    assert_int_equal(reply.length, length);
}

/* A write that comes in pieces of odd size is one request; two more are answered in reverse order. */
static void requests_in_pieces_and_out_of_order(void **state)
{
    struct fixture *f = *state;
    int fd = connect_client(f);
    struct disk_request_record record = {.id = 7, .op = DISK_WRITE, .offset = 4 * MIB, .length = 4 * MIB};
    struct disk_request request = {.op = 0}, second;
    char *data = malloc(4 * MIB);
    size_t at, i;
    bool complete = false;

    for (i = 0; i < 4 * MIB; i++) {
        data[i] = (char)(i * 7 + (i >> 8));
    }
    for (i = 0; i < sizeof(record); i++) {
        assert_int_equal(send(fd, (char *)&record + i, 1, 0), 1);
        assert_false(disk_server_next(f->server, &request));
    }
    for (at = 0; at < 4 * MIB;) {
        ssize_t count = send(fd, data + at, at + 50001 < 4 * MIB ? 50001 : 4 * MIB - at, MSG_DONTWAIT);
        assert_true(count > 0);
        assert_false(complete);
        at += (size_t)count;
        complete = disk_server_next(f->server, &request);
    }
    assert_true(complete);
    assert_int_equal(request.op, DISK_WRITE);
    assert_int_equal(request.offset, 4 * MIB);
    assert_int_equal(request.length, 4 * MIB);
    assert_memory_equal(request.data, data, 4 * MIB);
    assert_false(is_ready(f));

    send_record(fd, 8, DISK_FLUSH, 0, 0);
    assert_true(is_ready(f));
    assert_true(disk_server_next(f->server, &second));
    assert_int_equal(second.op, DISK_FLUSH);
    assert_null(second.data);
    disk_server_reply(f->server, &second, EIO);
    disk_server_reply(f->server, &request, 0);
    check_reply(fd, 8, EIO, 0);
    check_reply(fd, 7, 0, 0);
    assert_int_equal(f->allocated, 0);
    free(data);
    close(fd);
}

/* An answer larger than the socket's buffer goes out as the client reads; nothing blocks and memory is kept till then.
 */
static void a_large_answer_is_sent_in_steps(void **state)
{
    struct fixture *f = *state;
    int fd = connect_client(f);
    struct disk_request request, none;
    char *got = malloc(4 * MIB);
    size_t at = 0;

    send_record(fd, 1, DISK_READ, 0, 4 * MIB);
    assert_true(disk_server_next(f->server, &request));
    memset(request.data, 0x3c, 4 * MIB);
    disk_server_reply(f->server, &request, 0);
    assert_int_equal(f->allocated, 1);
    assert_false(is_ready(f)); /* the socket is full: no busy loop */
    check_reply(fd, 1, 0, 4 * MIB);
    while (at < 4 * MIB) {
        ssize_t count = recv(fd, got + at, 4 * MIB - at, MSG_DONTWAIT);
        assert_true(count > 0);
        at += (size_t)count;
        assert_true(f->allocated == 0 || is_ready(f)); /* there is room again: the host is woken */
        assert_false(disk_server_next(f->server, &none));
    }
    assert_int_equal(f->allocated, 0);
    assert_int_equal(got[0], 0x3c);
    assert_int_equal(got[4 * MIB - 1], 0x3c);
    free(got);
    close(fd);
}

static void no_memory_is_waited_for(void **state)
{
    struct fixture *f = *state;
    int fd = connect_client(f);
    struct disk_request first, second;
    char data[BLOCK];

    f->limit = 1;
    send_record(fd, 1, DISK_READ, 0, BLOCK);
    send_record(fd, 2, DISK_READ, BLOCK, BLOCK);
    assert_true(disk_server_next(f->server, &first));
    assert_false(disk_server_next(f->server, &second));
    send_record(fd, 3, DISK_FLUSH, 0, 0);
    assert_false(is_ready(f)); /* stalled: more input does not wake the host */
    memset(first.data, 1, BLOCK);
    disk_server_reply(f->server, &first, 0);
    assert_true(disk_server_next(f->server, &second));
    assert_int_equal(second.offset, BLOCK);
    disk_server_reply(f->server, &second, EIO); /* data is not sent */
    assert_true(disk_server_next(f->server, &first));
    assert_int_equal(first.op, DISK_FLUSH);
    disk_server_reply(f->server, &first, 0);
    check_reply(fd, 1, 0, BLOCK);
    assert_int_equal(recv(fd, data, BLOCK, MSG_WAITALL), BLOCK);
    check_reply(fd, 2, EIO, 0);
    check_reply(fd, 3, 0, 0);

    /* the client goes away while the server is stalled */
    f->limit = 0;
    send_record(fd, 4, DISK_READ, 0, BLOCK);
    assert_false(disk_server_next(f->server, &second));
    close(fd);
    assert_true(is_ready(f));
    assert_false(disk_server_next(f->server, &second));
    assert_false(disk_server_has_client(f->server));
    assert_false(is_ready(f));
}

static void an_answer_for_a_former_client_is_dropped(void **state)
{
    struct fixture *f = *state;
    int fd = connect_client(f);
    struct disk_request request, none;
    char byte;

    send_record(fd, 1, DISK_READ, 0, BLOCK);
    assert_true(disk_server_next(f->server, &request));
    close(fd);
    assert_false(disk_server_next(f->server, &none));
    assert_false(disk_server_has_client(f->server));
    fd = connect_client(f);
    memset(request.data, 0, BLOCK);
    disk_server_reply(f->server, &request, 0);
    assert_int_equal(f->allocated, 0);
    assert_int_equal(recv(fd, &byte, 1, MSG_DONTWAIT), -1);
    close(fd);
}

static void a_second_client_is_turned_away(void **state)
{
    struct fixture *f = *state;
    int fd = connect_client(f), second = socket(AF_UNIX, SOCK_STREAM, 0);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct disk_request request;
    char byte;

    strcpy(address.sun_path, f->path);
    assert_int_equal(connect(second, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_false(disk_server_next(f->server, &request));
    assert_int_equal(recv(second, &byte, 1, 0), 0);
    close(second);
    assert_false(is_ready(f));
    send_record(fd, 1, DISK_FLUSH, 0, 0);
    assert_true(disk_server_next(f->server, &request));
    disk_server_reply(f->server, &request, 0);
    check_reply(fd, 1, 0, 0);
    close(fd);
}

static void a_malformed_request_ends_the_connection(void **state)
{
    static const struct disk_request_record bad[] = {
        {.op = 0, .length = BLOCK},
        {.op = DISK_FLUSH, .length = BLOCK},
        {.op = DISK_READ, .length = 0},
        {.op = DISK_READ, .length = 4 * MIB + BLOCK},
        {.op = DISK_READ, .length = 100},
        {.op = DISK_WRITE, .offset = 1, .length = BLOCK},
        {.op = DISK_READ, .offset = 8 * MIB, .length = BLOCK},
        {.op = DISK_READ, .offset = UINT64_MAX - BLOCK + 1, .length = 2 * BLOCK},
    };
    struct fixture *f = *state;
    struct disk_request request;
    unsigned i;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        int fd = connect_client(f);
        char byte;
        send_record(fd, 1, bad[i].op, bad[i].offset, bad[i].length);
        assert_false(disk_server_next(f->server, &request));
        assert_false(disk_server_has_client(f->server));
        assert_int_equal(recv(fd, &byte, 1, 0), 0);
        close(fd);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(requests_in_pieces_and_out_of_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_large_answer_is_sent_in_steps, set_up, tear_down),
        cmocka_unit_test_setup_teardown(no_memory_is_waited_for, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_answer_for_a_former_client_is_dropped, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_second_client_is_turned_away, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_malformed_request_ends_the_connection, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
