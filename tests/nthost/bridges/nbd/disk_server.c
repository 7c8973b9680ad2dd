/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#define _GNU_SOURCE
#include "disk_server.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

/* What is on its way out: a record, then data. */
struct answer {
    struct answer *next;
    union {
        struct disk_hello hello;
        struct disk_reply_record reply;
        char bytes[sizeof(struct disk_hello)];
    } head;
    size_t head_length, body_length, sent;
    void *data;           /* to be released once sent; NULL: none */
    uint32_t data_length; /* as it was allocated; body_length of it are sent */
};

struct disk_server {
    struct disk_server_options options;
    char path[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
    int listen_fd, epoll_fd, client_fd; /* client -1: none */
    uint32_t watched;                   /* what epoll watches the client for */
    uint32_t connection;                /* number of the current client; answers to an earlier one are dropped */
    union {
        struct disk_request_record record;
        char bytes[sizeof(struct disk_request_record)];
    } in;            /* the request that is being received */
    size_t received; /* bytes of its record and data so far */
    void *data;      /* its memory */
    bool stalled;    /* there is no memory for it */
    struct answer *first, **last;
};

static void release(struct disk_server *server, void *data, uint32_t length)
{
    if (data != NULL) {
        server->options.release(server->options.context, data, length);
    }
}

/* Removes the first answer. */
static void pop_answer(struct disk_server *server)
{
    struct answer *answer = server->first;

    server->first = answer->next;
    if (server->first == NULL) {
        server->last = &server->first;
    }
    release(server, answer->data, answer->data_length);
    free(answer);
}

static void drop_client(struct disk_server *server)
{
    if (server->client_fd < 0) {
        return;
    }
    close(server->client_fd); /* which takes it out of the epoll set */
    server->client_fd = -1;
    server->connection++;
    release(server, server->data, server->in.record.length);
    server->data = NULL;
    server->received = 0;
    server->stalled = false;
    while (server->first != NULL) {
        pop_answer(server);
    }
}

/* Has epoll watch the client for what can make progress. */
static void watch(struct disk_server *server)
{
    struct epoll_event event = {.data.fd = server->client_fd};

    event.events = (server->stalled ? 0u : (uint32_t)EPOLLIN) | (server->first != NULL ? (uint32_t)EPOLLOUT : 0u);
    if (server->client_fd >= 0 && event.events != server->watched) {
        epoll_ctl(server->epoll_fd, EPOLL_CTL_MOD, server->client_fd, &event);
        server->watched = event.events;
    }
}

/* Sends as much as the socket takes. */
static void send_answers(struct disk_server *server)
{
    while (server->client_fd >= 0 && server->first != NULL) {
        struct answer *answer = server->first;
        size_t head_left = answer->sent < answer->head_length ? answer->head_length - answer->sent : 0;
        size_t body_sent = answer->sent - (answer->head_length - head_left);
        struct iovec part[2] = {
            {.iov_base = answer->head.bytes + answer->head_length - head_left, .iov_len = head_left},
            {.iov_base = (char *)answer->data + body_sent, .iov_len = answer->body_length - body_sent}};
        struct msghdr message = {.msg_iov = part, .msg_iovlen = answer->body_length > 0 ? 2 : 1};
        ssize_t count = sendmsg(server->client_fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);

        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0) {
            if (errno != EAGAIN) {
                drop_client(server);
            }
            return;
        }
        answer->sent += (size_t)count;
        if (answer->sent == answer->head_length + answer->body_length) {
            pop_answer(server);
        }
    }
}

/* NULL: no memory; the client is dropped then, for it would wait forever. */
static struct answer *append_answer(struct disk_server *server, size_t head_length)
{
    struct answer *answer = calloc(1, sizeof(*answer));

    if (answer == NULL) {
        drop_client(server);
        return NULL;
    }
    answer->head_length = head_length;
    *server->last = answer;
    server->last = &answer->next;
    return answer;
}

static void say_hello(struct disk_server *server)
{
    const struct disk_server_options *options = &server->options;
    struct answer *answer = append_answer(server, sizeof(struct disk_hello));

    if (answer != NULL) {
        answer->head.hello.magic = DISK_PROTOCOL_MAGIC;
        answer->head.hello.size = options->size;
        answer->head.hello.block_size = options->block_size;
        answer->head.hello.max_transfer = options->max_transfer;
        answer->head.hello.flags =
            (options->read_only ? DISK_HELLO_READ_ONLY : 0u) | (options->can_flush ? DISK_HELLO_CAN_FLUSH : 0u);
        send_answers(server);
    }
}

/* Takes a client, turns away a second one. */
static void accept_client(struct disk_server *server)
{
    struct epoll_event event = {.events = EPOLLIN};
    int fd = accept4(server->listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

    if (fd < 0) {
        return;
    }
    event.data.fd = fd;
    if (server->client_fd >= 0 || epoll_ctl(server->epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0) {
        close(fd);
        return;
    }
    server->client_fd = fd;
    server->watched = event.events;
    say_hello(server);
}

static bool is_valid(const struct disk_server_options *options, const struct disk_request_record *record)
{
    if (record->op == DISK_FLUSH) {
        return record->length == 0 && options->can_flush;
    }
    if (record->op != DISK_READ && (record->op != DISK_WRITE || options->read_only)) {
        return false;
    }
    return record->length > 0 && record->length <= options->max_transfer && record->length <= options->size &&
           record->offset <= options->size - record->length &&
           (record->offset | record->length) % options->block_size == 0;
}

/* Receives up to length bytes. 0: nothing there (any more). */
static size_t receive(struct disk_server *server, void *to, size_t length)
{
    ssize_t count;

    do {
        count = recv(server->client_fd, to, length, MSG_DONTWAIT);
    } while (count < 0 && errno == EINTR);
    if (count == 0 || (count < 0 && errno != EAGAIN)) {
        drop_client(server);
    }
    return count > 0 ? (size_t)count : 0;
}

/* Memory for the request whose record is complete. False: none now, or the record is not valid. */
static bool get_memory(struct disk_server *server)
{
    const struct disk_request_record *record = &server->in.record;
    struct pollfd client = {.fd = server->client_fd};

    if (!is_valid(&server->options, record)) {
        drop_client(server); /* the plug-in checks: whoever sends this is none */
        return false;
    }
    if (record->length == 0 || server->data != NULL) {
        return true;
    }
    server->data = server->options.allocate(server->options.context, (enum disk_op)record->op, record->length);
    server->stalled = server->data == NULL;
    if (server->stalled && poll(&client, 1, 0) == 1 && (client.revents & (POLLHUP | POLLERR)) != 0) {
        drop_client(server); /* else its hang-up would be reported again and again */
    }
    return server->data != NULL;
}

/* Receives the rest of a request. True: it is complete. */
static bool receive_request(struct disk_server *server)
{
    const size_t record_length = sizeof(server->in.record);

    while (server->client_fd >= 0) {
        const struct disk_request_record *record = &server->in.record;
        size_t whole, count;

        if (server->received < record_length) {
            count = receive(server, server->in.bytes + server->received, record_length - server->received);
        } else if (!get_memory(server)) {
            return false;
        } else {
            whole = record_length + (record->op == DISK_WRITE ? record->length : 0);
            if (server->received == whole) {
                return true;
            }
            count =
                receive(server, (char *)server->data + (server->received - record_length), whole - server->received);
        }
        if (count == 0) {
            return false;
        }
        server->received += count;
    }
    return false;
}

bool disk_server_next(struct disk_server *server, struct disk_request *request)
{
    bool complete;

    send_answers(server);
    complete = receive_request(server);
    if (complete) {
        request->op = (enum disk_op)server->in.record.op;
        request->offset = server->in.record.offset;
        request->length = server->in.record.length;
        request->data = server->data;
        request->id = server->in.record.id;
        request->connection = server->connection;
        server->data = NULL;
        server->received = 0;
    } else {
        accept_client(server);
    }
    watch(server);
    return complete;
}

void disk_server_reply(struct disk_server *server, const struct disk_request *request, int error)
{
    struct answer *answer = NULL;

    if (server->client_fd >= 0 && request->connection == server->connection) {
        answer = append_answer(server, sizeof(struct disk_reply_record));
    }
    if (answer == NULL) {
        release(server, request->data, request->length);
        return;
    }
    answer->data = request->data;
    answer->data_length = request->length;
    answer->body_length = request->op == DISK_READ && error == 0 ? request->length : 0;
    answer->head.reply.id = request->id;
    answer->head.reply.error = error;
    answer->head.reply.length = (uint32_t)answer->body_length;
    send_answers(server);
    watch(server);
}

int disk_server_poll_fd(const struct disk_server *server)
{
    return server->epoll_fd;
}

bool disk_server_has_client(const struct disk_server *server)
{
    return server->client_fd >= 0;
}

struct disk_server *disk_server_open(const struct disk_server_options *options, char *error, size_t error_size)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct epoll_event event = {.events = EPOLLIN};
    struct disk_server *server;

    if (strlen(options->socket_path) >= sizeof(address.sun_path)) {
        snprintf(error, error_size, "a socket's path has at most %zu bytes", sizeof(address.sun_path) - 1);
        return NULL;
    }
    server = calloc(1, sizeof(*server));
    if (server == NULL) {
        snprintf(error, error_size, "no memory");
        return NULL;
    }
    server->options = *options;
    strcpy(server->path, options->socket_path);
    strcpy(address.sun_path, options->socket_path);
    server->client_fd = -1;
    server->last = &server->first;
    server->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    server->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    event.data.fd = server->listen_fd;
    unlink(server->path);
    if (server->epoll_fd < 0 || server->listen_fd < 0 ||
        bind(server->listen_fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
        listen(server->listen_fd, 4) != 0 ||
        epoll_ctl(server->epoll_fd, EPOLL_CTL_ADD, server->listen_fd, &event) != 0) {
        snprintf(error, error_size, "%s: %s", server->path, strerror(errno));
        disk_server_close(server);
        return NULL;
    }
    return server;
}

void disk_server_close(struct disk_server *server)
{
    drop_client(server);
    if (server->listen_fd >= 0) {
        close(server->listen_fd);
        unlink(server->path);
    }
    if (server->epoll_fd >= 0) {
        close(server->epoll_fd);
    }
    free(server);
}
