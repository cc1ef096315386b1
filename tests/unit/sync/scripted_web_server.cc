#include "tests/unit/sync/scripted_web_server.h"

#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace cloister::testing {
namespace {

void Check(bool ok, const char* what) {
  if (ok) return;
  perror(what);
  abort();
}

struct SslDeleter {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};

class SocketConnection : public ScriptedWebServer::Connection {
 public:
  SocketConnection(int fd, int stop_fd, SSL_CTX* context) : fd_(fd), stop_fd_(stop_fd) {
    if (context == nullptr) return;
    ssl_.reset(SSL_new(context));
    SSL_set_fd(ssl_.get(), fd_);
  }
  ~SocketConnection() override {
    if (ssl_ != nullptr) SSL_shutdown(ssl_.get());
    shutdown(fd_, SHUT_RDWR);  // the duplicate that wakes readers keeps it open otherwise
    close(fd_);
  }

  bool Accept() { return ssl_ == nullptr || SSL_accept(ssl_.get()) == 1; }

  bool Send(absl::string_view bytes) override {
    while (!bytes.empty()) {
      const int size = static_cast<int>(bytes.size());
      const ssize_t n = ssl_ == nullptr ? send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL)
                                        : SSL_write(ssl_.get(), bytes.data(), size);
      if (n <= 0) return false;
      bytes.remove_prefix(static_cast<size_t>(n));
    }
    return true;
  }

  bool WaitForClose(absl::Duration timeout) override {
    pollfd fds[] = {{fd_, POLLRDHUP, 0}, {stop_fd_, POLLIN, 0}};
    return poll(fds, 2, static_cast<int>(absl::ToInt64Milliseconds(timeout))) > 0;
  }

  // The next request's head; empty at the end of the connection.
  std::string ReadHead() {
    head_.clear();
    char c = 0;
    while (head_.size() < 64 * 1024 && !absl::EndsWith(head_, "\r\n\r\n")) {
      const ssize_t n = ssl_ == nullptr ? recv(fd_, &c, 1, 0) : SSL_read(ssl_.get(), &c, 1);
      if (n <= 0) return "";
      head_ += c;
    }
    return head_;
  }
  const std::string& request() const override { return head_; }

 private:
  std::string head_;
  int fd_;
  int stop_fd_;
  std::unique_ptr<SSL, SslDeleter> ssl_;
};

}  // namespace

void ScriptedWebServer::Connection::Answer(int code, absl::string_view body,
                                           absl::string_view extra_headers) {
  Send(absl::StrCat("HTTP/1.1 ", code, " Text\r\nContent-Length: ", body.size(), "\r\n",
                    extra_headers, "\r\n", body));
}

void ScriptedWebServer::Connection::AnswerFile(absl::string_view bytes) {
  constexpr absl::string_view kRange = "\r\nRange: bytes=";
  const size_t range = request().find(std::string(kRange));
  if (range == std::string::npos) return Answer(200, bytes);
  const size_t from = std::strtoull(request().c_str() + range + kRange.size(), nullptr, 10);
  if (from >= bytes.size()) {
    return Answer(416, "", absl::StrCat("Content-Range: bytes */", bytes.size(), "\r\n"));
  }
  Answer(206, bytes.substr(from),
         absl::StrCat("Content-Range: bytes ", from, "-", bytes.size() - 1, "/", bytes.size(),
                      "\r\n"));
}

struct ScriptedWebServer::State {
  Handler handler;
  std::unique_ptr<SSL_CTX, SslDeleter> context;
  int listener = -1;
  int stop_fd = -1;
  int port = 0;
  std::thread acceptor;

  // The standard's mutex: ThreadSanitizer does not see the conditions that Abseil's evaluates.
  mutable std::mutex mu;  // guards what follows
  std::condition_variable changed;
  std::vector<std::thread> threads;
  std::vector<int> sockets;  // duplicates, to wake readers at the end
  std::vector<std::string> requests;

  void Listen();
  void AcceptAll();
  void Serve(int fd);
};

void ScriptedWebServer::State::Listen() {
  stop_fd = eventfd(0, EFD_CLOEXEC);
  listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  Check(bind(listener, generic, size) == 0 && listen(listener, 16) == 0, "listen");
  Check(getsockname(listener, generic, &size) == 0, "getsockname");
  port = ntohs(address.sin_port);
}

void ScriptedWebServer::State::AcceptAll() {
  for (;;) {
    pollfd fds[] = {{listener, POLLIN, 0}, {stop_fd, POLLIN, 0}};
    poll(fds, 2, -1);
    if (fds[1].revents != 0) return;
    const int fd = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) continue;
    std::lock_guard lock(mu);
    sockets.push_back(dup(fd));
    threads.emplace_back([this, fd] { Serve(fd); });
  }
}

void ScriptedWebServer::State::Serve(int fd) {
  SocketConnection connection(fd, stop_fd, context.get());
  if (!connection.Accept()) return;
  for (;;) {
    const std::string head = connection.ReadHead();
    if (head.empty()) return;
    {
      std::lock_guard lock(mu);
      requests.push_back(head);
      changed.notify_all();
    }
    const std::vector<std::string> words = absl::StrSplit(head, absl::MaxSplits(' ', 2));
    if (!handler(words.size() > 1 ? words[1] : "", connection)) return;
  }
}

ScriptedWebServer::ScriptedWebServer(Handler handler, const CertificateFiles* certificates,
                                     const std::string& client_authority)
    : state_(std::make_unique<State>()) {
  signal(SIGPIPE, SIG_IGN);  // SSL_write has no MSG_NOSIGNAL
  state_->handler = std::move(handler);
  if (certificates != nullptr) {
    state_->context.reset(SSL_CTX_new(TLS_server_method()));
    SSL_CTX* context = state_->context.get();
    Check(
        SSL_CTX_use_certificate_file(context, certificates->certificate.c_str(),
                                     SSL_FILETYPE_PEM) == 1 &&
            SSL_CTX_use_PrivateKey_file(context, certificates->key.c_str(), SSL_FILETYPE_PEM) == 1,
        "certificate");
    if (!client_authority.empty()) {
      Check(SSL_CTX_load_verify_locations(context, client_authority.c_str(), nullptr) == 1,
            "client authority");
      SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    }
  }
  state_->Listen();
  state_->acceptor = std::thread([this] { state_->AcceptAll(); });
}

ScriptedWebServer::~ScriptedWebServer() {
  const uint64_t one = 1;
  Check(write(state_->stop_fd, &one, sizeof one) == sizeof one, "eventfd");
  state_->acceptor.join();
  std::vector<std::thread> threads;
  {
    std::lock_guard lock(state_->mu);
    for (int fd : state_->sockets) shutdown(fd, SHUT_RDWR);
    threads = std::move(state_->threads);
  }
  for (std::thread& thread : threads) thread.join();
  std::lock_guard lock(state_->mu);
  for (int fd : state_->sockets) close(fd);
  close(state_->listener);
  close(state_->stop_fd);
}

std::string ScriptedWebServer::url() const {
  return absl::StrCat(state_->context != nullptr ? "https" : "http", "://127.0.0.1:", state_->port,
                      "/feeds/");
}

std::vector<std::string> ScriptedWebServer::requests() const {
  std::lock_guard lock(state_->mu);
  return state_->requests;
}

bool ScriptedWebServer::WaitForRequests(size_t count, absl::Duration timeout) const {
  std::unique_lock lock(state_->mu);
  auto enough = [&] { return state_->requests.size() >= count; };
  return state_->changed.wait_for(lock, absl::ToChronoNanoseconds(timeout), enough);
}

}  // namespace cloister::testing
