# `terraform test`: no account is needed, the provider is mocked and nothing is made.

mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "111122223333" }
  }

  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }

  mock_data "aws_region" {
    defaults = { region = "eu-central-1" }
  }
}

variables {
  name             = "acme"
  administrators   = ["arn:aws:iam::111122223333:role/operations"]
  auditors         = ["arn:aws:iam::444455556666:role/scheduler"]
  readers          = ["arn:aws:iam::444455556666:role/regulator"]
  disclosures_days = 400
}

run "policies_are_rendered" {
  assert {
    condition     = length(jsondecode(aws_s3_bucket_policy.sealed["ledger"].policy).Statement) == 7
    error_message = "The policy of a locked bucket has seven statements."
  }

  assert {
    condition     = jsondecode(aws_s3_bucket_policy.sealed["bundles"].policy).Statement[3].Condition.NumericLessThan["s3:object-lock-remaining-retention-days"] == "3650"
    error_message = "Nobody locks for less than retain_days."
  }

  assert {
    condition     = length(jsondecode(aws_s3_bucket_policy.disclosures.policy).Statement) == 4
    error_message = "The policy of the bucket of disclosures has four statements."
  }

  assert {
    condition     = jsondecode(aws_kms_key.disclosures.policy).Statement[1].Condition.ArnEquals["aws:PrincipalArn"] == "arn:aws:iam::111122223333:role/acme-auditor-writer"
    error_message = "Only the auditor's role uses the key of disclosures."
  }

  assert {
    condition     = alltrue([for policy in aws_iam_role_policy.policy : length(jsondecode(policy.policy).Statement) > 2])
    error_message = "Every role has a policy."
  }
}

run "roles_that_nobody_may_become_are_not_made" {
  assert {
    condition     = toset(keys(aws_iam_role_policy.policy)) == toset(["auditor-writer/bundle-writer", "auditor-writer/ledger-writer", "reader/reader"])
    error_message = "There are the two roles that have principals."
  }
}

run "audit_file_locks_for_longer_than_the_bucket_demands" {
  assert {
    condition     = yamldecode(output.audit_yaml).store.retain == "3651d"
    error_message = "retain is a day longer than retain_days."
  }
}
