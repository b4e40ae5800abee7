// SPDX-License-Identifier: MIT

/* The unix sockets of `obey`: descriptors that go from one process to another, and requests to the daemon. */
#include "probe.h"
#include "obey.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { room = 65536 };

static int listener = -1;

static int unix_socket(const char *path, struct sockaddr_un *address) {
	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	snprintf(address->sun_path, sizeof address->sun_path, "%s", path);
	failing = "socket";
	return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

int listen_at(const char *path) {
	struct sockaddr_un address;
	listener = unix_socket(path, &address);
	failing = "bind";
	return listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || chmod(path, 0666) != 0 ||
		listen(listener, 9) != 0 ? -1 : 0;
}

int connect_to(const char *path) {
	struct sockaddr_un address;
	int connected = unix_socket(path, &address);
	failing = "connect";
	return connected < 0 || connect(connected, (struct sockaddr *)&address, sizeof address) != 0 ? -1 : connected;
}

int send_to(const char *path, int fd) {
	int connected = connect_to(path);
	if (connected < 0)
		return -1;
	int result = send_descriptor(connected, fd);
	close(connected);
	return result;
}

int accept_one(void) {
	failing = "accept";
	int accepted = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (accepted < 0)
		return -1;
	int fd = receive_descriptor(accepted);
	close(accepted);
	return fd;
}

int ask_by(int connected, const char *method, const char *path) {
	char bytes[room];
	size_t count = 0;
	int length = snprintf(bytes, sizeof bytes, "%s %s HTTP/1.1\r\nHost: tacit\r\n\r\n", method, path);
	failing = "send";
	if (send(connected, bytes, (size_t)length, MSG_NOSIGNAL) != length)
		return -1;
	failing = "recv";
	while (count < sizeof bytes - 1) {
		ssize_t got = recv(connected, bytes + count, sizeof bytes - 1 - count, 0);
		if (got == 0)
			errno = ECONNRESET;
		if (got <= 0)
			return -1;
		bytes[count += (size_t)got] = '\0';
		const char *end = strstr(bytes, "\r\n\r\n"), *size = strcasestr(bytes, "\r\nContent-Length:");
		if (end && size && (size_t)(end + 4 - bytes) + strtoul(size + 17, NULL, 10) <= count)
			break;
	}
	printf("%.3s\n", strchr(bytes, ' ') + 1);
	return 0;
}
