#include "tests/support/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace cloister::testing {
namespace {

absl::Status Failed(absl::string_view what) {
  return absl::InternalError(absl::StrCat(what, ": ", strerror(errno)));
}

// A file descriptor that closes itself.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Fd() { Close(); }

  int get() const { return fd_; }
  void Close() {
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
  }

 private:
  int fd_ = -1;
};

struct Pipe {
  Fd read, write;
};

absl::StatusOr<Pipe> NewPipe() {
  int fds[2];
  if (pipe2(fds, O_CLOEXEC) != 0) return Failed("pipe2");
  return Pipe{Fd(fds[0]), Fd(fds[1])};
}

// The child's standard input: a file in memory, so that nobody has to feed a pipe.
absl::StatusOr<Fd> InputFile(const std::string& text) {
  Fd file(memfd_create("input", MFD_CLOEXEC));
  if (file.get() < 0) return Failed("memfd_create");
  if (write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
      lseek(file.get(), 0, SEEK_SET) != 0) {
    return Failed("write standard input");
  }
  return file;
}

std::vector<std::string> MergedEnvironment(const std::vector<std::string>& added) {
  std::vector<std::string> merged = added;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string name(*entry, strcspn(*entry, "=") + 1);
    const bool replaced = std::any_of(added.begin(), added.end(), [&](const std::string& a) {
      return a.compare(0, name.size(), name) == 0;
    });
    if (!replaced) merged.emplace_back(*entry);
  }
  return merged;
}

std::vector<char*> Pointers(std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  for (std::string& s : strings) pointers.push_back(s.data());
  pointers.push_back(nullptr);
  return pointers;
}

// What the child needs, made before fork: only async-signal-safe calls may follow there.
struct ChildPlan {
  char** argv;
  char** environment;
  const char* directory;  // null: keep
  int input, output, errors, failure;
};

[[noreturn]] void BecomeChild(const ChildPlan& plan, pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  signal(SIGPIPE, SIG_DFL);
  if (getppid() == parent && dup2(plan.input, 0) >= 0 && dup2(plan.output, 1) >= 0 &&
      dup2(plan.errors, 2) >= 0 && (plan.directory == nullptr || chdir(plan.directory) == 0)) {
    execvpe(plan.argv[0], plan.argv, plan.environment);
  }
  const int error = errno;
  [[maybe_unused]] ssize_t written = write(plan.failure, &error, sizeof error);
  _exit(127);
}

int MillisecondsUntil(absl::Time deadline) {
  const absl::Duration left = deadline - absl::Now();
  if (left <= absl::ZeroDuration()) return 0;
  return static_cast<int>(absl::ToInt64Milliseconds(std::min(left, absl::Hours(1)))) + 1;
}

}  // namespace

struct Process::State {
  pid_t pid = -1;
  Fd pidfd;
  Fd output_pipe, errors_pipe;
  std::thread reader;

  // The standard's mutex: ThreadSanitizer does not see the conditions that Abseil's evaluates.
  mutable std::mutex mu;  // guards what follows
  std::condition_variable changed;
  std::string output;
  std::string errors;
  bool drained = false;
  bool reaped = false;
  int exit_code = -1;

  void ReadUntilEnd();
  bool ReadSome(Fd& pipe, std::string State::*text);
  // Collects the exit code if the child has ended.
  bool TryReap();
};

bool Process::State::ReadSome(Fd& pipe, std::string State::*text) {
  std::array<char, 16384> buffer;
  const ssize_t n = read(pipe.get(), buffer.data(), buffer.size());
  if (n < 0 && errno == EINTR) return true;
  if (n <= 0) {
    pipe.Close();
    return false;
  }
  std::lock_guard lock(mu);
  (this->*text).append(buffer.data(), static_cast<size_t>(n));
  changed.notify_all();
  return true;
}

// Ends when the child, and whatever it started, has closed both pipes, or the child has ended and
// nothing more is to be read.
void Process::State::ReadUntilEnd() {
  bool ended = false;
  while (output_pipe.get() >= 0 || errors_pipe.get() >= 0) {
    pollfd fds[] = {{output_pipe.get(), POLLIN, 0},
                    {errors_pipe.get(), POLLIN, 0},
                    {ended ? -1 : pidfd.get(), POLLIN, 0}};
    if (poll(fds, 3, ended ? 0 : -1) < 0 && errno != EINTR) break;
    bool read_some = false;
    if (fds[0].revents != 0) read_some |= ReadSome(output_pipe, &State::output);
    if (fds[1].revents != 0) read_some |= ReadSome(errors_pipe, &State::errors);
    if (ended && !read_some) break;
    if (fds[2].revents != 0) ended = true;
  }
  std::lock_guard lock(mu);
  drained = true;
  changed.notify_all();
}

bool Process::State::TryReap() {
  std::lock_guard lock(mu);
  if (reaped) return true;
  siginfo_t info{};
  if (waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG) != 0 || info.si_pid == 0) {
    return false;
  }
  reaped = true;
  exit_code = info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
  return true;
}

Process::Process(std::unique_ptr<State> state) : state_(std::move(state)) {}

absl::StatusOr<std::unique_ptr<Process>> Process::Start(const ProcessOptions& options) {
  auto input = InputFile(options.input);
  auto output = NewPipe(), errors = NewPipe(), failure = NewPipe();
  for (const absl::Status& s :
       {input.status(), output.status(), errors.status(), failure.status()}) {
    if (!s.ok()) return s;
  }
  OrderAcrossProcesses();
  std::vector<std::string> argv = options.argv;
  std::vector<std::string> environment = MergedEnvironment(options.environment);
  std::vector<char*> argv_pointers = Pointers(argv);
  std::vector<char*> environment_pointers = Pointers(environment);
  const ChildPlan plan{
      argv_pointers.data(),
      environment_pointers.data(),
      options.working_directory.empty() ? nullptr : options.working_directory.c_str(),
      input->get(),
      output->write.get(),
      errors->write.get(),
      failure->write.get()};
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid < 0) return Failed("fork");
  if (pid == 0) BecomeChild(plan, parent);

  auto state = std::make_unique<State>();
  state->pid = pid;
  failure->write.Close();
  int error = 0;
  if (read(failure->read.get(), &error, sizeof error) == sizeof error) {
    waitpid(pid, nullptr, 0);
    return absl::NotFoundError(absl::StrCat(options.argv[0], ": ", strerror(error)));
  }
  state->pidfd = Fd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  state->output_pipe = std::move(output->read);
  state->errors_pipe = std::move(errors->read);
  state->reader = std::thread([raw = state.get()] { raw->ReadUntilEnd(); });
  return std::unique_ptr<Process>(new Process(std::move(state)));
}

Process::~Process() {
  // Only a child that is not collected yet still owns its number.
  if (!state_->TryReap()) {
    kill(state_->pid, SIGKILL);
    siginfo_t info{};
    waitid(P_PID, static_cast<id_t>(state_->pid), &info, WEXITED);
  }
  state_->reader.join();
}

pid_t Process::pid() const { return state_->pid; }

absl::Status Process::Signal(int signal) {
  if (state_->TryReap()) return absl::FailedPreconditionError("the child has ended");
  return kill(state_->pid, signal) == 0 ? absl::OkStatus() : Failed("kill");
}

absl::StatusOr<int> Process::Wait(absl::Duration timeout) {
  const absl::Time deadline = absl::Now() + timeout;
  pollfd fd{state_->pidfd.get(), POLLIN, 0};
  while (!state_->TryReap()) {
    if (absl::Now() >= deadline) {
      return absl::DeadlineExceededError(absl::StrCat("the child still runs; it printed:\n",
                                                      output(), "\nand as errors:\n", errors()));
    }
    poll(&fd, 1, MillisecondsUntil(deadline));
  }
  std::unique_lock lock(state_->mu);
  state_->changed.wait(lock, [this] { return state_->drained; });
  OrderAcrossProcesses();
  return state_->exit_code;
}

bool Process::running() const { return !state_->TryReap(); }

std::string Process::output() const {
  std::lock_guard lock(state_->mu);
  return state_->output;
}

std::string Process::errors() const {
  std::lock_guard lock(state_->mu);
  return state_->errors;
}

absl::Status Process::WaitForText(absl::string_view text, absl::Duration timeout) {
  const std::string wanted(text);
  std::unique_lock lock(state_->mu);
  auto printed = [&] {
    return state_->output.find(wanted) != std::string::npos ||
           state_->errors.find(wanted) != std::string::npos;
  };
  state_->changed.wait_for(lock, absl::ToChronoNanoseconds(timeout),
                           [&] { return printed() || state_->drained; });
  if (printed()) return absl::OkStatus();
  const std::string seen = absl::StrCat("\"", text, "\" was not printed, but:\n", state_->output,
                                        "\nand as errors:\n", state_->errors);
  return state_->drained ? absl::FailedPreconditionError(seen) : absl::DeadlineExceededError(seen);
}

void OrderAcrossProcesses() {
  static std::atomic<int> meeting_point = 0;
  meeting_point.fetch_add(1, std::memory_order_acq_rel);
}

std::string ProgramPath(absl::string_view name) {
  return absl::StrCat(CLOISTER_BINARY_DIR, "/", name);
}

absl::StatusOr<ProcessResult> RunProcess(const ProcessOptions& options, absl::Duration timeout) {
  auto process = Process::Start(options);
  if (!process.ok()) return process.status();
  auto exit_code = (*process)->Wait(timeout);
  if (!exit_code.ok()) return exit_code.status();
  return ProcessResult{*exit_code, (*process)->output(), (*process)->errors()};
}

absl::Status WaitForFile(const std::string& path, absl::Duration timeout) {
  const absl::Time deadline = absl::Now() + timeout;
  const std::string directory = std::filesystem::path(path).parent_path();
  Fd inotify(inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (inotify.get() < 0) return Failed("inotify_init1");
  if (inotify_add_watch(inotify.get(), directory.c_str(), IN_CREATE | IN_MOVED_TO) < 0) {
    return Failed(absl::StrCat("watch ", directory));
  }
  pollfd fd{inotify.get(), POLLIN, 0};
  // Looking after the watch is set leaves no gap in which the file could appear unseen.
  while (access(path.c_str(), F_OK) != 0) {
    if (absl::Now() >= deadline) {
      return absl::DeadlineExceededError(absl::StrCat(path, " did not appear"));
    }
    poll(&fd, 1, MillisecondsUntil(deadline));
    std::array<char, 4096> events;
    while (read(inotify.get(), events.data(), events.size()) > 0) {
    }
  }
  return absl::OkStatus();
}

}  // namespace cloister::testing
