// The events' peer in plain C on libzmq: the same hops as ours, and nothing else.
//
//   events_peer gateway FOLDER PORT     a session at the Discord on that port; publishes each message's data
//   events_peer proxy FOLDER            XSUB to XPUB, by zmq_proxy
//   events_peer handle FOLDER COUNT     prints the median and the 99th percentile in microseconds, from the time in the
//                                       message's content until it is here
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <zmq.h>

enum { HEADER = 120, HIGH_WATER_MARK = 10000, BUFFER = 1 << 20, STAMP = 19 };
static const char TOPIC[] = "discord.iris.0.MESSAGE_CREATE.";
static const char CONTENT[] = "\"content\":\"";

static void fail(const char *what) {
    fprintf(stderr, "events_peer: %s: %s\n", what, zmq_strerror(zmq_errno()));
    exit(1);
}

static void *make(void *context, int kind, int binds, const char *folder, const char *name) {
    void *socket = zmq_socket(context, kind);
    int mark = HIGH_WATER_MARK, linger = 500;
    char endpoint[200];
    snprintf(endpoint, sizeof endpoint, "ipc://%s/%s", folder, name);
    zmq_setsockopt(socket, ZMQ_SNDHWM, &mark, sizeof mark);
    zmq_setsockopt(socket, ZMQ_RCVHWM, &mark, sizeof mark);
    zmq_setsockopt(socket, ZMQ_LINGER, &linger, sizeof linger);
    if ((binds ? zmq_bind : zmq_connect)(socket, endpoint) != 0) fail(endpoint);
    return socket;
}

static void text(int connection, const char *payload) {
    size_t length = strlen(payload);
    unsigned char frame[1024] = {0x81, 0x80 | 126, length >> 8, length & 255, 0, 0, 0, 0};
    memcpy(frame + 8, payload, length);
    if (write(connection, frame, 8 + length) < 0) fail("write");
}

static int connect_to(int port) {
    int connection = socket(AF_INET, SOCK_STREAM, 0), one = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (connect(connection, (struct sockaddr *)&address, sizeof address) != 0) fail("connect");
    dprintf(connection, "GET /?v=10&encoding=json HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
                        "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n");
    for (char last[4] = {0}; memcmp(last, "\r\n\r\n", 4) != 0;) {
        memmove(last, last + 1, 3);
        if (read(connection, last + 3, 1) != 1) fail("upgrade");
    }
    text(connection, "{\"op\":2,\"d\":{\"token\":\"bench.c\",\"intents\":37377,\"properties\":{}}}");
    return connection;
}

// Publishes one gateway payload if it is a message: the bytes of `d`.
static void publish(void *socket, const char *payload, size_t length) {
    static const char event[] = "{\"t\":\"MESSAGE_CREATE\"";
    if (length < sizeof event || memcmp(payload, event, sizeof event - 1) != 0) return;
    const char *data = memmem(payload, length, "\"d\":", 4);
    if (!data) return;
    char header[HEADER] = {0};
    data += 4;
    if (zmq_send(socket, TOPIC, sizeof TOPIC - 1, ZMQ_SNDMORE) < 0 || zmq_send(socket, header, sizeof header, ZMQ_SNDMORE) < 0 ||
        zmq_send(socket, data, payload + length - 1 - data, 0) < 0)
        fail("send");
}

static void gateway(void *context, const char *folder, int port) {
    void *socket = make(context, ZMQ_XPUB, 0, folder, "events-in");
    char subscription[8];
    if (zmq_recv(socket, subscription, sizeof subscription, 0) < 1) fail("wait for the proxy");
    int connection = connect_to(port);
    unsigned char *buffer = malloc(BUFFER);
    size_t filled = 0;
    for (;;) {
        ssize_t count = read(connection, buffer + filled, BUFFER - filled);
        if (count <= 0) return;
        filled += count;
        size_t offset = 0;
        while (filled - offset >= 4) {
            size_t head = 2, length = buffer[offset + 1];
            if (length == 126) {
                head = 4;
                length = buffer[offset + 2] << 8 | buffer[offset + 3];
            }
            if (length == 127) fail("too long a frame");
            if (filled - offset < head + length) break;
            publish(socket, (char *)buffer + offset + head, length);
            offset += head + length;
        }
        memmove(buffer, buffer + offset, filled - offset);
        filled -= offset;
    }
}

static int ascending(const void *left, const void *right) {
    double difference = *(const double *)left - *(const double *)right;
    return (difference > 0) - (difference < 0);
}

static void handle(void *context, const char *folder, int64_t count) {
    void *socket = make(context, ZMQ_SUB, 0, folder, "events-out");
    zmq_setsockopt(socket, ZMQ_SUBSCRIBE, TOPIC, sizeof TOPIC - 1);
    double *times = calloc(count, sizeof *times);
    zmq_msg_t frame;
    zmq_msg_init(&frame);
    usleep(200000);
    printf("ready\n");
    fflush(stdout);
    for (int64_t n = 0; n < count; n++) {
        for (int part = 0; part < 3; part++)
            if (zmq_msg_recv(&frame, socket, 0) < 0) fail("receive");
        struct timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        char *content = memmem(zmq_msg_data(&frame), zmq_msg_size(&frame), CONTENT, sizeof CONTENT - 1), stamp[STAMP + 1] = {0};
        if (!content) fail("a message without content");
        memcpy(stamp, content + sizeof CONTENT - 1, STAMP);
        times[n] = (now.tv_sec * 1e9 + now.tv_nsec - strtod(stamp, NULL)) / 1e3;
    }
    qsort(times, count, sizeof *times, ascending);
    printf("%.1f %.1f\n", times[count / 2], times[count * 99 / 100]);
    zmq_close(socket);
}

int main(int count, char **arguments) {
    if (count < 3) return 64;
    const char *role = arguments[1], *folder = arguments[2];
    void *context = zmq_ctx_new();
    if (!strcmp(role, "gateway") && count == 4)
        gateway(context, folder, atoi(arguments[3]));
    else if (!strcmp(role, "proxy"))
        zmq_proxy(make(context, ZMQ_XSUB, 1, folder, "events-in"), make(context, ZMQ_XPUB, 1, folder, "events-out"), NULL);
    else if (!strcmp(role, "handle") && count == 4)
        handle(context, folder, atoll(arguments[3]));
    else
        return 64;
    return 0;
}
