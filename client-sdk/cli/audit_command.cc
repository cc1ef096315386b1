// cloister audit

#include <algorithm>

#include "client-sdk/cli/commands.h"

namespace cloister::cli {
namespace {

constexpr uint32_t kPageSize = 1000;

struct AuditArguments {
  uint64_t from = 1;
  uint32_t limit = 100;
};

// Gathers pages up to the limit.
bool Fetch(Session* session, const AuditArguments& arguments, v1::ListAuditEntriesResponse* all,
           ExitCode* code) {
  uint64_t next = arguments.from;
  while (static_cast<uint32_t>(all->entries_size()) < arguments.limit) {
    const uint32_t left = arguments.limit - static_cast<uint32_t>(all->entries_size());
    v1::ListAuditEntriesRequest request;
    request.set_from_sequence(next);
    request.set_page_size(static_cast<int>(std::min(left, kPageSize)));
    request.set_skip_chain_check(next != arguments.from);  // the first page says it for all
    v1::ListAuditEntriesResponse page;
    if (!session->Call(&v1::AdminService::Stub::ListAuditEntries, request, &page, code)) {
      return false;
    }
    if (!request.skip_chain_check()) {
      all->set_chain_intact(page.chain_intact());
      all->set_chain_checked(true);
    }
    all->mutable_entries()->MergeFrom(page.entries());
    if (page.entries_size() < request.page_size()) break;
    next = page.entries(page.entries_size() - 1).sequence() + 1;
  }
  return true;
}

ExitCode Audit(Session* session, const AuditArguments& arguments) {
  v1::ListAuditEntriesResponse trail;
  ExitCode code = ExitCode::kOk;
  if (!Fetch(session, arguments, &trail, &code)) return code;
  if (session->options().json()) {
    session->out() << ToText(JsonOf(trail));
  } else {
    for (const v1::AuditTrailEntry& entry : trail.entries()) {
      session->out() << entry.sequence() << "  "
                     << TimeText(absl::FromUnixSeconds(entry.at().seconds())) << "  "
                     << Printable(entry.actor()) << "  " << Printable(entry.action()) << "  "
                     << Printable(entry.detail()) << "\n";
    }
    if (trail.entries().empty()) session->out() << "there is no entry\n";
  }
  if (trail.chain_intact()) return ExitCode::kOk;
  return session->Fail(ExitCode::kFailed,
                       "the audit trail was altered: the hashes that chain its entries do not fit; "
                       "compare it with a backup");
}

}  // namespace

void AddAudit(CLI::App* app, Session* session) {
  auto arguments = std::make_shared<AuditArguments>();
  CLI::App* command = app->add_subcommand("audit", "List who changed what, and check the trail");
  command->add_option("--from", arguments->from, "first entry")->capture_default_str();
  command->add_option("--limit", arguments->limit, "at most how many")
      ->check(CLI::Range(1, 10'000'000))
      ->capture_default_str();
  command->callback([session, arguments] {
    session->command = [session, arguments] { return Audit(session, *arguments); };
  });
}

}  // namespace cloister::cli
