variable "name" {
  description = "What every name begins with; buckets add their purpose, and must be free in all of AWS."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{1,39}$", var.name))
    error_message = "Use 2 to 40 lower-case letters, digits and hyphens."
  }
}

variable "retain_days" {
  description = "For how many days at least nobody can delete a bundle or a leaf. It can be lengthened, never shortened."
  type        = number
  default     = 3650

  validation {
    condition     = var.retain_days >= 1 && var.retain_days <= 36500
    error_message = "Object Lock takes 1 to 36,500 days."
  }
}

variable "disclosures_days" {
  description = "After how many days disclosures are deleted; null keeps them until somebody redacts."
  type        = number
  default     = null
}

variable "administrators" {
  description = "ARNs of the roles that may change these settings; whoever applies this must be one of them."
  type        = list(string)

  validation {
    condition     = length(var.administrators) > 0
    error_message = "Without an administrator nobody could ever change the keys."
  }
}

variable "auditors" {
  description = "ARNs that may become the role that seals: it writes bundles, disclosures and the ledger."
  type        = list(string)
}

variable "readers" {
  description = "ARNs that may become the role that reads bundles and the ledger, and no disclosures."
  type        = list(string)
  default     = []
}

variable "ledger_writers" {
  description = "ARNs that may become the role that writes the ledger and nothing else."
  type        = list(string)
  default     = []
}

variable "witnesses" {
  description = "ARNs that may become the role that reads the ledger and nothing else; better of another account."
  type        = list(string)
  default     = []
}

variable "tags" {
  description = "Tags of everything that is made."
  type        = map(string)
  default     = {}
}
