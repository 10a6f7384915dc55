// The bus's peer in plain C on libzmq: the same topology, frames, high-water marks and window as ours, and nothing else.
//
//   bus_peer publish FOLDER COUNT WINDOW SHARED     three frames each: topic, header (its first 8 bytes count), payload
//   bus_peer proxy FOLDER                           XSUB to XPUB, by zmq_proxy
//   bus_peer subscribe FOLDER COUNT SHARED          checks that no number is missing; prints the seconds it took
//   bus_peer ask FOLDER COUNT                       one request at a time; prints the median in microseconds
//   bus_peer broker FOLDER                          ROUTER to DEALER, by zmq_proxy
//   bus_peer answer FOLDER                          echoes
//   bus_peer keys                                   prints a CURVE key pair
//
// With PEER_PORT set, the sockets are TCP ports from there on, with CURVE: PEER_PUBLIC and PEER_SECRET are the server's
// keys, and each client's too, since nobody asks whose they are.
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
#include <zmq.h>

enum { PAYLOAD = 256, HEADER = 80, HIGH_WATER_MARK = 10000 };
static const char TOPIC[] = "discord.iris.0.MESSAGE_CREATE.";

static void fail(const char *what) {
    fprintf(stderr, "bus_peer: %s: %s\n", what, zmq_strerror(zmq_errno()));
    exit(1);
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static void *make(void *context, int kind, int binds, const char *folder, const char *name) {
    void *socket = zmq_socket(context, kind);
    int mark = HIGH_WATER_MARK, linger = 500;
    char endpoint[200];
    snprintf(endpoint, sizeof endpoint, "ipc://%s/%s", folder, name);
    const char *port = getenv("PEER_PORT");
    if (port) {
        static const char *const NAMES[] = {"events-in", "events-out", "requests", "workers"};
        int number = 0;
        while (strcmp(NAMES[number], name)) number++;
        snprintf(endpoint, sizeof endpoint, "tcp://127.0.0.1:%d", atoi(port) + number);
        const char *public = getenv("PEER_PUBLIC"), *secret = getenv("PEER_SECRET");
        int server = 1;
        if (binds)
            zmq_setsockopt(socket, ZMQ_CURVE_SERVER, &server, sizeof server);
        else {
            zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, public, strlen(public));
            zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, public, strlen(public));
        }
        if (zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, secret, strlen(secret)) != 0) fail("set the keys");
    }
    zmq_setsockopt(socket, ZMQ_SNDHWM, &mark, sizeof mark);
    zmq_setsockopt(socket, ZMQ_RCVHWM, &mark, sizeof mark);
    zmq_setsockopt(socket, ZMQ_LINGER, &linger, sizeof linger);
    if ((binds ? zmq_bind : zmq_connect)(socket, endpoint) != 0) fail(endpoint);
    return socket;
}

// What the subscriber has received, seen by the publisher: the window keeps clear of every high-water mark.
static volatile int64_t *shared(const char *path) {
    int file = open(path, O_RDWR);
    void *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (memory == MAP_FAILED) fail(path);
    return memory;
}

static void publish(void *context, const char *folder, int64_t count, int64_t window, volatile int64_t *received) {
    void *socket = make(context, ZMQ_XPUB, 0, folder, "events-in");
    char header[HEADER] = {0}, payload[PAYLOAD];
    memset(payload, 'x', sizeof payload);
    // The subscription comes through the proxy, which knows it then.
    if (zmq_recv(socket, header, sizeof header, 0) < 1) fail("wait for the subscription");
    while (*received < 0) usleep(1000);
    for (int64_t n = 0; n < count; n++) {
        while (n - *received >= window) usleep(100);
        int64_t number = n + 1;
        memcpy(header, &number, sizeof number);
        if (zmq_send(socket, TOPIC, sizeof TOPIC - 1, ZMQ_SNDMORE) < 0 ||
            zmq_send(socket, header, sizeof header, ZMQ_SNDMORE) < 0 || zmq_send(socket, payload, sizeof payload, 0) < 0)
            fail("send");
    }
    while (*received < count) usleep(1000);
    zmq_close(socket);
}

static void subscribe(void *context, const char *folder, int64_t count, volatile int64_t *received) {
    void *socket = make(context, ZMQ_SUB, 0, folder, "events-out");
    zmq_setsockopt(socket, ZMQ_SUBSCRIBE, TOPIC, sizeof TOPIC - 1);
    zmq_msg_t frame;
    zmq_msg_init(&frame);
    *received = 0;
    double start = 0;
    for (int64_t n = 0; n < count; n++) {
        int64_t number = 0;
        for (int part = 0; part < 3; part++) {
            if (zmq_msg_recv(&frame, socket, 0) < 0) fail("receive");
            if (part == 1) memcpy(&number, zmq_msg_data(&frame), sizeof number);
        }
        if (n == 0) start = now();
        if (number != n + 1) {
            fprintf(stderr, "gap: %lld after %lld\n", (long long)number, (long long)n);
            exit(2);
        }
        if ((n & 63) == 63) *received = n + 1;
    }
    printf("%.6f\n", now() - start);
    *received = count;
    zmq_close(socket);
}

static void proxy(void *context, const char *folder, int front, const char *front_name, int back, const char *back_name) {
    void *in = make(context, front, 1, folder, front_name), *out = make(context, back, 1, folder, back_name);
    zmq_proxy(in, out, NULL);
}

static int ascending(const void *left, const void *right) {
    double difference = *(const double *)left - *(const double *)right;
    return (difference > 0) - (difference < 0);
}

static void ask(void *context, const char *folder, int64_t count) {
    void *socket = make(context, ZMQ_DEALER, 0, folder, "requests");
    char envelope[40] = {0}, header[HEADER] = {0}, payload[PAYLOAD];
    memset(payload, 'x', sizeof payload);
    double *times = calloc(count, sizeof *times);
    for (int64_t n = -1000; n < count; n++) {
        double start = now();
        zmq_send(socket, envelope, sizeof envelope, ZMQ_SNDMORE);
        zmq_send(socket, header, sizeof header, ZMQ_SNDMORE);
        zmq_send(socket, payload, sizeof payload, 0);
        for (int more = 1; more;) {
            size_t size = sizeof more;
            if (zmq_recv(socket, payload, sizeof payload, 0) < 0) fail("receive");
            zmq_getsockopt(socket, ZMQ_RCVMORE, &more, &size);
        }
        if (n >= 0) times[n] = now() - start;
    }
    qsort(times, count, sizeof *times, ascending);
    printf("%.3f\n", times[count / 2] * 1e6);
    zmq_close(socket);
}

static void answer(void *context, const char *folder) {
    void *socket = make(context, ZMQ_DEALER, 0, folder, "workers");
    zmq_msg_t frame;
    zmq_msg_init(&frame);
    while (zmq_msg_recv(&frame, socket, 0) >= 0) {
        int more = zmq_msg_more(&frame);
        zmq_msg_send(&frame, socket, more ? ZMQ_SNDMORE : 0);
    }
}

int main(int count, char **arguments) {
    if (count == 2 && !strcmp(arguments[1], "keys")) {
        char public[41], secret[41];
        if (zmq_curve_keypair(public, secret) != 0) fail("make keys");
        printf("%s\n%s\n", public, secret);
        return 0;
    }
    if (count < 3) return 64;
    const char *role = arguments[1], *folder = arguments[2];
    void *context = zmq_ctx_new();
    if (!strcmp(role, "publish") && count == 6)
        publish(context, folder, atoll(arguments[3]), atoll(arguments[4]), shared(arguments[5]));
    else if (!strcmp(role, "subscribe") && count == 5)
        subscribe(context, folder, atoll(arguments[3]), shared(arguments[4]));
    else if (!strcmp(role, "proxy"))
        proxy(context, folder, ZMQ_XSUB, "events-in", ZMQ_XPUB, "events-out");
    else if (!strcmp(role, "broker"))
        proxy(context, folder, ZMQ_ROUTER, "requests", ZMQ_DEALER, "workers");
    else if (!strcmp(role, "ask") && count == 4)
        ask(context, folder, atoll(arguments[3]));
    else if (!strcmp(role, "answer"))
        answer(context, folder);
    else
        return 64;
    zmq_ctx_term(context);
    return 0;
}
