#include <CLI/CLI.hpp>
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "nlohmann/json.hpp"
#include "sync/publisher/cli/commands.h"
#include "sync/publisher/cli/options.h"
#include "sync/publisher/cli/progress.h"
#include "sync/publisher/repository/repository.h"
#include "sync/publisher/repository/verify.h"

namespace cloister::publisher {
namespace {

using Contents = VerifyReport::Contents;

constexpr char kFooter[] = R"(
Reads everything as clients do, from the first root on: each signature, each pack's hash, each
entry, and the content digest of each version on offer. A delta whose base is on offer no longer is
compared with the version that it leads to. Ends with 1 where something is wrong, and says where.

Examples:
  cloister-publish verify --repository repo
  cloister-publish verify --repository repo --root my-copy-of-1.root.json --output json
)";

const char* ContentsName(Contents contents) {
  switch (contents) {
    case Contents::kProved:
      return "proved";
    case Contents::kAgrees:
      return "agrees";
    case Contents::kUnproved:
      break;
  }
  return "unproved";
}

void PrintJson(const VerifyReport& report, std::ostream& out) {
  nlohmann::json packs = nlohmann::json::array();
  for (const VerifyReport::Pack& pack : report.packs) {
    packs.push_back({{"path", pack.path},
                     {"bytes", pack.bytes},
                     {"entries", pack.entries},
                     {"contents", ContentsName(pack.contents)}});
  }
  nlohmann::json problems = nlohmann::json::array();
  for (const VerifyReport::Problem& problem : report.problems) {
    problems.push_back({{"place", problem.place}, {"what", problem.what}});
  }
  const nlohmann::json value = {{"feed", report.feed},
                                {"sound", report.sound()},
                                {"first_root", report.first_root_version},
                                {"root", report.root_version},
                                {"version", report.version},
                                {"packs", packs},
                                {"problems", problems}};
  out << value.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << "\n";
}

void PrintText(const VerifyReport& report, std::ostream& out) {
  out << "feed \"" << report.feed << "\": roots " << report.first_root_version << " to "
      << report.root_version << " follow from each other; version " << report.version
      << " is on offer\n";
  for (const VerifyReport::Pack& pack : report.packs) {
    out << absl::StrFormat("  %-26s %9d entries  %s\n", pack.path, pack.entries,
                           ContentsName(pack.contents));
  }
  for (const VerifyReport::Problem& problem : report.problems) {
    out << "  WRONG " << problem.place << "\n    " << problem.what << "\n";
  }
  if (report.sound()) out << "Everything is as it was signed.\n";
}

}  // namespace

void AddVerify(CLI::App* app, Arguments* arguments) {
  CLI::App* verify = app->add_subcommand("verify", "Read everything, as clients do and more");
  verify->footer(kFooter);
  AddRepositoryOption(verify, arguments);
  verify
      ->add_option("--root", arguments->out,
                   "A root that you trust; metadata/1.root.json if not given")
      ->type_name("FILE");
  AddOutputOption(verify, arguments);
  SelectCommand(verify, arguments, RunVerify);
}

absl::Status RunVerify(const Arguments& arguments, const Console& console) {
  absl::StatusOr<std::unique_ptr<Repository>> repository =
      Repository::OpenReadOnly(arguments.repository);
  if (!repository.ok()) return repository.status();
  absl::StatusOr<VerifyReport> report = absl::InternalError("not run");
  {
    Progress progress(console.err, console.err_is_terminal);
    VerifyOptions options;
    options.now = console.now;
    options.first_root = arguments.out;
    options.progress = [&progress](absl::string_view pack, uint64_t entries) {
      progress.Begin(absl::StrCat("reading ", pack));
      progress.Tell(entries, "entries");
    };
    report = Verify(**repository, options);
  }
  if (!report.ok()) return report.status();
  if (arguments.json) {
    PrintJson(*report, console.out);
  } else {
    PrintText(*report, console.out);
  }
  if (report->sound()) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat(
      report->problems.size(), " things are wrong; the first: ", report->problems.front().place));
}

}  // namespace cloister::publisher
