#include "doorbell.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

namespace nascent::core {

void ring(int fd, Bell bell) {
  const char byte = static_cast<char>(bell);
  while (send(fd, &byte, 1, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 && errno == EINTR) {
  }
}

Heard hear(int fd) {
  Heard heard;
  for (;;) {
    char bytes[256];
    const ssize_t n = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);
    if (n > 0) {
      for (ssize_t i = 0; i < n; ++i) heard.bells.push_back(static_cast<Bell>(bytes[i]));
    } else if (n == 0) {
      heard.closed = true;
      return heard;
    } else if (errno != EINTR) {
      heard.closed = errno != EAGAIN && errno != EWOULDBLOCK;
      return heard;
    }
  }
}

}  // namespace nascent::core
