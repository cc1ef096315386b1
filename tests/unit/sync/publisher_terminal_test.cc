// cloister-publish at a terminal: passphrases are asked for there, and never shown.

#include <pty.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "storage/files/files.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace cloister::publisher {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

struct Session {
  std::string screen;
  int exit_code = -1;
  int signal = 0;  // that ended it
  bool dumped_core = false;
};

// Runs cloister-publish on a terminal of its own, and types each answer when its prompt is there.
Session OnTerminal(std::vector<std::string> words,
                   const std::vector<std::pair<std::string, std::string>>& answers) {
  std::string program = absl::StrCat(CLOISTER_BINARY_DIR, "/cloister-publish");
  std::vector<char*> arguments = {program.data()};
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  Session session;
  int terminal = -1;
  const pid_t child = forkpty(&terminal, nullptr, nullptr, nullptr);
  if (child == 0) {
    unsetenv("CREDENTIALS_DIRECTORY");
    constexpr rlimit kAnyCore{RLIM_INFINITY, RLIM_INFINITY};
    setrlimit(RLIMIT_CORE, &kAnyCore);
    execv(arguments[0], arguments.data());
    _exit(127);
  }
  auto answer = answers.begin();
  size_t seen = 0;
  char buffer[256];
  for (ssize_t got = 0; (got = read(terminal, buffer, sizeof(buffer))) > 0;) {
    session.screen.append(buffer, static_cast<size_t>(got));
    if (answer == answers.end()) continue;
    const size_t prompt = session.screen.find(answer->first, seen);
    if (prompt == std::string::npos) continue;
    seen = prompt + answer->first.size();
    const std::string line = answer->second + "\n";
    EXPECT_EQ(write(terminal, line.data(), line.size()), static_cast<ssize_t>(line.size()));
    ++answer;
  }
  int status = 0;
  waitpid(child, &status, 0);
  close(terminal);
  session.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  session.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  session.dumped_core = WIFSIGNALED(status) && WCOREDUMP(status);
  return session;
}

TEST(Terminal, APassphraseIsAskedForTwiceWhenItIsNewAndNeverShown) {
  testing::TemporaryDirectory directory;
  const std::vector<std::string> create = {"keys", "create", "--role",
                                           "root", "--out",  directory / "keys"};
  const std::string secret = "seven dwarfs are asleep";
  const Session made =
      OnTerminal(create, {{"New passphrase for", secret}, {"The same once more:", secret}});
  EXPECT_EQ(made.exit_code, 0) << made.screen;
  EXPECT_THAT(made.screen, Not(HasSubstr(secret)));
  EXPECT_THAT(storage::ReadFile(directory / "keys/root.pem", 1 << 16).value(),
              HasSubstr("ENCRYPTED"));

  const Session shown =
      OnTerminal({"keys", "show", "--key", directory / "keys/root.pem"},
                 {{"passphrase for", "a wrong one"}, {"That was wrong.", secret}});
  EXPECT_EQ(shown.exit_code, 0) << shown.screen;
  EXPECT_THAT(shown.screen, HasSubstr("key id "));
  EXPECT_THAT(shown.screen, Not(HasSubstr(secret)));
}

TEST(Terminal, TwoDifferentOrTooShortNewPassphrasesMakeNoKey) {
  testing::TemporaryDirectory directory;
  const std::vector<std::string> create = {"keys", "create", "--role",
                                           "root", "--out",  directory / "keys"};
  const Session differ = OnTerminal(create, {{"New passphrase for", "seven dwarfs are asleep"},
                                             {"The same once more:", "seven dwarfs are awake"}});
  EXPECT_EQ(differ.exit_code, 1);
  EXPECT_THAT(differ.screen, HasSubstr("differ"));
  const Session small = OnTerminal(create, {{"New passphrase for", "short"}});
  EXPECT_EQ(small.exit_code, 1);
  EXPECT_THAT(small.screen, HasSubstr("too short"));
  EXPECT_FALSE(storage::ReadFile(directory / "keys/root.pem", 1 << 16).ok());
}

// Of Ctrl-\\, which asks for a core.
TEST(Terminal, WhatWasTypedGoesIntoNoCoreFile) {
  testing::TemporaryDirectory directory;
  const Session session =
      OnTerminal({"keys", "create", "--role", "targets", "--out", directory / "keys"},
                 {{"New passphrase", "five words chosen by dice"}, {"once more: ", "\x1c"}});
  EXPECT_EQ(session.signal, SIGQUIT) << session.screen;
  EXPECT_FALSE(session.dumped_core);
}

}  // namespace
}  // namespace cloister::publisher
