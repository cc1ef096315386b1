// cloister bundle

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <filesystem>
#include <fstream>
#include <memory>
#include <system_error>
#include <thread>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "client-sdk/cli/commands.h"
#include "client-sdk/cli/durations.h"

namespace cloister::cli {
namespace {

using Stub = v1::AdminService::Stub;

constexpr char kProgram[] = "cloister-bundle";
constexpr size_t kPieceBytes = 128 << 10;  // fits, however small [limits] max_message_bytes is
constexpr std::chrono::milliseconds kBetweenLooks{250};

constexpr char kMore[] =
    "create, inspect, verify and diff are the work of the program cloister-bundle, which needs no\n"
    "server: 'cloister bundle create --help' tells more.\n"
    "\n"
    "Examples:\n"
    "  cloister bundle create --from /var/spool/cloister --out threats.bundle\n"
    "  cloister bundle verify threats.bundle --root threats=threats.root.json\n"
    "  cloister bundle diff threats.bundle --against /var/spool/cloister\n"
    "  cloister bundle import threats.bundle --reason 'weekly medium'";

constexpr char kMoreOfImport[] =
    "The server hands the bundle to cloister-sync, which verifies it as it verifies what it\n"
    "fetches; cloister feeds then says what serves. Exit codes: 0 imported, or nothing new in it;\n"
    "3 not done within --wait; 5 refused.\n"
    "\n"
    "Example: cloister bundle import threats.bundle --reason 'weekly medium' --wait 10m";

struct ImportArguments {
  std::string file;
  std::string name;  // of an import that was begun before
  std::string reason;
  std::string wait = "120s";
};

// Becomes cloister-bundle, which lies beside this program; returns only if that fails.
ExitCode Become(Session* session, const std::string& command,
                const std::vector<std::string>& arguments) {
  char self[PATH_MAX];
  const ssize_t n = readlink("/proc/self/exe", self, sizeof self);
  const std::string own(self, n < 0 ? 0 : static_cast<size_t>(n));
  const std::string path = absl::StrCat(own.substr(0, own.rfind('/') + 1), kProgram);
  std::vector<std::string> words = {kProgram, command};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  session->out().flush();
  execv(path.c_str(), argv.data());
  return session->Fail(ExitCode::kFailed,
                       absl::StrCat("cannot run ", path, ": ", strerror(errno),
                                    "; install it beside cloister, or copy the bundle to a "
                                    "machine that has it"));
}

// "imported" for BUNDLE_IMPORT_STATE_IMPORTED.
std::string StateText(v1::BundleImportState state) {
  const std::string name = v1::BundleImportState_Name(state);
  return absl::AsciiStrToLower(absl::StripPrefix(name, "BUNDLE_IMPORT_STATE_"));
}

bool IsDone(const v1::GetBundleImportResponse& import) {
  return import.state() == v1::BUNDLE_IMPORT_STATE_IMPORTED ||
         import.state() == v1::BUNDLE_IMPORT_STATE_UNCHANGED ||
         import.state() == v1::BUNDLE_IMPORT_STATE_REFUSED;
}

std::string FeedText(const v1::BundleFeedImport& feed, const Terminal& terminal) {
  std::string text = absl::StrCat(Printable(feed.feed()), ": ");
  if (feed.state() == v1::BUNDLE_IMPORT_STATE_REFUSED) {
    absl::StrAppend(&text, terminal.Paint(Colour::kRed, "refused"), ", ",
                    Printable(feed.reject_reason()), ": ", Printable(feed.reject_message()));
  } else {
    absl::StrAppend(&text, "version ", feed.version(), " ",
                    terminal.Paint(Colour::kGreen, StateText(feed.state())));
    if (feed.expired()) {
      absl::StrAppend(&text, ", ",
                      terminal.Paint(Colour::kYellow, "although its metadata have expired"));
    }
    if (!feed.reject_message().empty()) {
      absl::StrAppend(&text, " (", Printable(feed.reject_message()), ")");
    }
  }
  return text + "\n";
}

ExitCode Conclude(Session* session, const v1::GetBundleImportResponse& import,
                  const std::string& name) {
  if (session->options().json()) {
    session->out() << ToText({{"name", name}, {"import", JsonOf(import)}});
  } else {
    for (const auto& feed : import.feeds()) {
      session->out() << FeedText(feed, session->terminal());
    }
    if (import.feeds().empty() && import.state() != v1::BUNDLE_IMPORT_STATE_REFUSED &&
        IsDone(import)) {
      session->out() << "the bundle was " << StateText(import.state()) << "\n";
    }
  }
  if (import.state() == v1::BUNDLE_IMPORT_STATE_REFUSED) {
    // What is said of its feeds says why.
    const bool told = !import.feeds().empty() && !session->options().json();
    return session->Fail(ExitCode::kFailed, told ? absl::StrCat("refused, ", import.reject_reason())
                                                 : absl::StrCat("refused, ", import.reject_reason(),
                                                                ": ", import.reject_message()));
  }
  if (IsDone(import)) return ExitCode::kOk;
  return session->Fail(
      ExitCode::kUnreachable,
      absl::StrCat("the bundle is in the inbox (", StateText(import.state()),
                   "); is cloister-sync running? Ask again with: cloister bundle status ", name));
}

// Asks until it is done or `wait` is over.
ExitCode Await(Session* session, const std::string& name, std::chrono::milliseconds wait) {
  const auto deadline = std::chrono::steady_clock::now() + wait;
  v1::GetBundleImportRequest request;
  request.set_name(name);
  ExitCode code = ExitCode::kOk;
  for (;;) {
    v1::GetBundleImportResponse import;
    if (!session->Call(&Stub::GetBundleImport, request, &import, &code)) return code;
    const auto left = deadline - std::chrono::steady_clock::now();
    if (IsDone(import) || left <= left.zero()) {
      session->progress().Clear();
      return Conclude(session, import, name);
    }
    session->progress().Show(StateText(import.state()), 0, 0);
    std::this_thread::sleep_for(
        std::min<std::chrono::nanoseconds>(left, std::chrono::nanoseconds(kBetweenLooks)));
  }
}

// Sends the file in pieces.
bool Upload(Session* session, const ImportArguments& arguments, std::string* name, ExitCode* code) {
  std::error_code error;
  if (std::filesystem::is_directory(arguments.file, error)) {
    *code = session->Fail(ExitCode::kUsage,
                          absl::StrCat(arguments.file, ": is a folder; name a bundle in it"));
    return false;
  }
  std::ifstream file(arguments.file, std::ios::binary | std::ios::ate);
  const std::streamoff bytes = file.is_open() ? static_cast<std::streamoff>(file.tellg()) : -1;
  if (bytes < 0) {
    *code = session->Fail(ExitCode::kUsage, absl::StrCat(arguments.file, ": ", strerror(errno)));
    return false;
  }
  file.seekg(0);
  Stub* stub = session->Admin(code);
  if (stub == nullptr) return false;
  grpc::ClientContext context;
  context.set_deadline(client::Deadline::In(session->long_timeout()).ForGrpc());
  v1::ImportBundleResponse response;
  auto stream = stub->ImportBundle(&context, &response);
  v1::ImportBundleRequest request;
  request.mutable_start()->set_bytes(static_cast<uint64_t>(bytes));
  request.mutable_start()->set_reason(arguments.reason);
  // Where the server ends the call early, Finish says why.
  bool taken = stream->Write(request);
  std::string piece(kPieceBytes, '\0');
  uint64_t sent = 0;
  while (taken &&
         file.read(piece.data(), static_cast<std::streamsize>(piece.size())).gcount() > 0) {
    request.set_data(piece.data(), static_cast<size_t>(file.gcount()));
    taken = stream->Write(request);
    sent += static_cast<uint64_t>(file.gcount());
    session->progress().Show("uploading", sent, static_cast<uint64_t>(bytes));
  }
  stream->WritesDone();
  const bool succeeded = session->Succeeded(stream->Finish(), code);
  session->progress().Clear();
  *name = response.name();
  return succeeded;
}

bool WaitOf(Session* session, const ImportArguments& arguments, std::chrono::milliseconds* wait,
            ExitCode* code) {
  const absl::StatusOr<absl::Duration> parsed = ParseDuration(arguments.wait);
  if (!parsed.ok()) {
    *code = session->Fail(ExitCode::kUsage, absl::StrCat("--wait: ", parsed.status().message()));
    return false;
  }
  *wait = absl::ToChronoMilliseconds(*parsed);
  return true;
}

ExitCode Import(Session* session, const ImportArguments& arguments) {
  std::chrono::milliseconds wait{0};
  ExitCode code = ExitCode::kOk;
  std::string name = arguments.name;
  if (!WaitOf(session, arguments, &wait, &code)) return code;
  if (name.empty() && !Upload(session, arguments, &name, &code)) return code;
  return Await(session, name, wait);
}

// All arguments are those of the other program, --help too.
void AddPassedOn(CLI::App* bundle, Session* session, const std::string& name,
                 const std::string& about) {
  CLI::App* command = bundle->add_subcommand(name, about);
  command->prefix_command();
  command->fallthrough(false);
  command->set_help_flag();
  command->callback([session, command, name] {
    const std::vector<std::string> arguments = command->remaining();
    session->command = [session, name, arguments] { return Become(session, name, arguments); };
  });
}

}  // namespace

void AddBundle(CLI::App* app, Session* session) {
  CLI::App* bundle = app->add_subcommand("bundle", "Make, look at and import offline bundles");
  bundle->require_subcommand(1);
  bundle->footer(kMore);
  AddPassedOn(bundle, session, "create", "Pack feeds into a bundle");
  AddPassedOn(bundle, session, "inspect", "Show what a bundle says of itself");
  AddPassedOn(bundle, session, "verify", "Verify a bundle, as an appliance would");
  AddPassedOn(bundle, session, "diff", "Say what a bundle would change");
  auto arguments = std::make_shared<ImportArguments>();
  CLI::App* import = bundle->add_subcommand("import", "Upload a bundle for the server's feeds");
  import->footer(kMoreOfImport);
  import->add_option("FILE", arguments->file, "the bundle")->type_name("FILE")->required();
  import->add_option("--reason", arguments->reason, "why, for the audit trail")->required();
  CLI::App* status = bundle->add_subcommand("status", "Say what became of an uploaded bundle");
  status->add_option("NAME", arguments->name, "its name, as import told it")->required();
  for (CLI::App* command : {import, status}) {
    command->add_option("--wait", arguments->wait, "how long to wait for it: 0s, 120s, 10m")
        ->capture_default_str();
    command->callback([session, arguments] {
      session->command = [session, arguments] { return Import(session, *arguments); };
    });
  }
}

}  // namespace cloister::cli
